import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const DOCUMENTS = globSync(["*.md", "docs/**/*.md"], { cwd: ROOT });

/** The targets of `[text](target)` that are files of ours. */
function linkedFiles(document: string): string[] {
  const text = readFileSync(join(ROOT, document), "utf8");
  const targets = [...text.matchAll(/\]\(([^)\s#]+)[^)]*\)/g)].map(([, target = ""]) => target);
  return targets.filter((target) => !/^https?:/.test(target));
}

it.each(DOCUMENTS)("%s links to files that exist", (document) => {
  const missing = linkedFiles(document).filter((file) => !existsSync(join(ROOT, dirname(document), file)));
  expect(missing).toEqual([]);
});

it("there are links to check", () => {
  expect(linkedFiles("README.md")).toContain("docs/adr/README.md");
});
