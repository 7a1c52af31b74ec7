import { readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { WORKER_FLAGS } from "../../../scripts/cli/worker-flags.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const RULES = readFileSync(join(ROOT, ".dockerignore"), "utf8")
  .split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));
/** What only the demo needs: the command says so where it is not there. */
const LEFT_OUT = "scripts/cli/demo/run-demo.ts";

/** As Docker reads the file: of all rules that fit, the last one counts. */
function isInImage(file: string): boolean {
  const rule = RULES.findLast((line) => {
    const path = line.replace(/^!/, "");
    return path === "*" || file === path || file.startsWith(`${path}/`);
  });
  return rule?.startsWith("!") ?? true;
}

/** Every file of ours that a file imports, at once or later, whatever the way. */
function importsOf(file: string, found = new Set<string>()): Set<string> {
  if (found.has(file) || file === LEFT_OUT) return found;
  found.add(file);
  const text = readFileSync(join(ROOT, file), "utf8").replaceAll(/import type [^;]*;/g, "");
  for (const [, path = ""] of text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)) {
    importsOf(relative(ROOT, join(ROOT, dirname(file), path)), found);
  }
  return found;
}

it("holds every file that the commands need", () => {
  const needed = importsOf("scripts/cli/main.ts");
  expect(needed).toContain("workers/risk-detection/main.ts");
  expect([...needed].filter((file) => file.endsWith(".ts") && !isInImage(file))).toEqual([]);
  const wayIn = ["entrypoint.sh", "riskline.js", "worker-flags.js"].map((file) => `scripts/cli/${file}`);
  expect(wayIn.filter((file) => !isInImage(file))).toEqual([]);
});

it("holds nothing that starts servers, and no keys", () => {
  const kept = ["scripts/services/leash.ts", LEFT_OUT, ".env", "test/support/pipeline.ts"].filter(isInImage);
  expect(kept).toEqual([]);
});

it.each(["package.json", "scripts/cli/entrypoint.sh", "README.md"])(
  "%s starts workers as they are measured",
  (file) => {
    const text = readFileSync(join(ROOT, file), "utf8");
    expect(text).toContain(`node ${WORKER_FLAGS.join(" ")} scripts/cli/riskline.js`);
  },
);
