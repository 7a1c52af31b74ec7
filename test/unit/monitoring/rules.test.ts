import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";
import { readRules } from "../../support/monitoring/monitoring-files.ts";

const file = (path: string): string => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const RULE_TESTS = ["riskline", "riskline-days"].map((name) =>
  file(`test/unit/monitoring/${name}.rules.test.yml`),
);
/** Who names it must have it. */
const NAMED = process.env["PROMTOOL"] || undefined;
const PROMTOOL = NAMED ?? "promtool";
const isThere = NAMED !== undefined || spawnSync(PROMTOOL, ["--version"]).status === 0;
if (!isThere) {
  process.stderr.write(
    "promtool is not here: what the alert rules do is NOT tested (apt-get install prometheus)\n",
  );
}

const promtool = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)(PROMTOOL, args)).stdout;

/** As GitHub and GitLab make it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w\s-]/g, "")
    .replaceAll(/\s/g, "-");

const headings = [...readFileSync(file("docs/runbook.md"), "utf8").matchAll(/^#+ (.+)$/gm)].map(
  ([, heading = ""]) => anchorOf(heading),
);

const { alerts } = readRules();

it.each(alerts)("$alert leads into the runbook", ({ annotations }) => {
  const [document, anchor] = annotations.runbook_url.split("#");
  expect(document).toBe("docs/runbook.md");
  expect(headings).toContain(anchor);
});

it.each(alerts)(
  "$alert is told of in the runbook, and is made to fire in a test of the rules",
  ({ alert }) => {
    expect(readFileSync(file("docs/runbook.md"), "utf8")).toContain(`\`${alert}\``);
    const tests = RULE_TESTS.map((path) => readFileSync(path, "utf8")).join("");
    expect(tests).toContain(`labels: '{alertname="${alert}"}', value: 1`);
  },
);

it.skipIf(!isThere)("promtool takes the rules and the configuration", async () => {
  expect(await promtool("check", "rules", file("deploy/monitoring/riskline.rules.yml"))).toContain("SUCCESS");
  const configuration = file("deploy/monitoring/prometheus.yml");
  expect(await promtool("check", "config", "--lint-fatal", configuration)).toContain("SUCCESS");
});

// promtool evaluates hours of rules, in seconds.
it.skipIf(!isThere).each(RULE_TESTS)("the rules do what %s says", { timeout: 120_000 }, async (path) => {
  expect(await promtool("test", "rules", path)).toContain("SUCCESS");
});
