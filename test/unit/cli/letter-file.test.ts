import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { LetterFile } from "../../../scripts/cli/dead-letters/export-letters.ts";
import { folderOf } from "./folder.ts";

it("stays once the work with it is done", async () => {
  const path = join(folderOf(), "letters.ndjson");
  const written = await LetterFile.use(path, async (file) => {
    file.add("{}\n");
    return file.close();
  });
  expect(written).toMatchObject({ file: path, letters: 1 });
  expect(readFileSync(path, "utf8")).toBe("{}\n");
});

it.each([
  ["before it is closed", (): void => undefined],
  ["after", (file: LetterFile): void => void file.close()],
])("is taken away where the work fails %s", async (_, before) => {
  const path = join(folderOf(), "letters.ndjson");
  const work = LetterFile.use(path, async (file) => {
    file.add("{}\n");
    before(file);
    throw new Error("nobody agreed");
  });
  await expect(work).rejects.toThrow("nobody agreed");
  expect(existsSync(path)).toBe(false);
});

it("leaves a file alone that is there already", async () => {
  const path = join(folderOf({ "letters.ndjson": "theirs" }), "letters.ndjson");
  await expect(LetterFile.use(path, async (file) => file.close())).rejects.toThrow("is there already");
  expect(readFileSync(path, "utf8")).toBe("theirs");
});
