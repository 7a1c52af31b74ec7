import { describe, expect, it } from "vitest";
import { sampleBody } from "../../support/sample-transaction.ts";
import { folderOf } from "./folder.ts";
import { riskline } from "./riskline-process.ts";

const good = JSON.stringify(sampleBody());
const free = JSON.stringify(sampleBody({ amount: { value: "0.00", currency: "CNY" } }));

describe("riskline publish --dry-run", () => {
  it("finds nothing wrong with good lines", async () => {
    const { status, stdout } = await riskline(["publish", "--dry-run", "-", "--json"], {
      input: `${good}\n${good}\n`,
    });
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ checked: 2, refused: 0, problems: [] });
  });

  it("lists what a worker would refuse, by file and line", async () => {
    const cwd = folderOf({ "a.ndjson": `${good}\n`, "b.ndjson": `${free}\n\n${good}\n[]` });
    const { status, stdout } = await riskline(["publish", "--dry-run", "a.ndjson", "b.ndjson"], { cwd });
    expect(status).toBe(1);
    expect(stdout).toMatch(/^checked +4$/m);
    expect(stdout).toMatch(/^a worker would refuse +2$/m);
    expect(stdout).toContain("b.ndjson line 1: amount.value must be at least 0.01 (CNY)\n");
    expect(stdout).toContain("b.ndjson line 4: body must be a JSON object\n");
  });

  it("lists the first problems, and counts all", async () => {
    const input = "nonsense\n".repeat(60);
    const { stdout } = await riskline(["publish", "--dry-run", "-"], { input });
    expect(stdout.match(/^- line/gm)).toHaveLength(50);
    expect(stdout).toMatch(/^and 10 more$/m);
  });

  it("maps CSV rows by a module's mapRow or default function", async () => {
    const mapping = `const mapRow = (row: Record<string, string>, line: number) => ({ ...JSON.parse(row["json"] ?? ""), transactionId: \`T\${line}\` });`;
    const cwd = folderOf({
      "payments.csv": `json\n"${good.replaceAll('"', '""')}"\n`,
      "named.ts": `export ${mapping}`,
      "default.ts": `${mapping}\nexport default mapRow;`,
      "none.ts": "export const map = 1;",
      "broken.ts": "export const map = ;",
    });
    const dryRun = (map: string) => riskline(["publish", "--dry-run", "payments.csv", "--map", map], { cwd });
    expect(await dryRun("named.ts")).toMatchObject({ status: 0 });
    expect(await dryRun("./default.ts")).toMatchObject({ status: 0 });
    expect((await dryRun("none.ts")).stderr).toContain(
      "none.ts: exports neither a default function nor mapRow",
    );
    expect((await dryRun("broken.ts")).stderr).toContain("broken.ts: the mapping cannot be loaded: ");
    expect((await dryRun("absent.ts")).stderr).toContain("absent.ts: the mapping cannot be loaded: ");
  });

  it("finds the project's own mapping by the file's name", async () => {
    const csv = "Time,Source,Target,Amount,Location,Type,Labels\n0,S1,T1,13.74,L100,TP100,2\n";
    const cwd = folderOf({ "s-ffsd.csv": csv });
    expect(await riskline(["publish", "--dry-run", "s-ffsd.csv"], { cwd })).toMatchObject({ status: 0 });
  });
});
