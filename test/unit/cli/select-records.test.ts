import { describe, expect, it } from "vitest";
import { collect } from "./collect.ts";
import { selectRecords } from "../../../scripts/cli/publish/select-records.ts";
import { recordsOf } from "./source-records.ts";

describe("selected records", () => {
  it.each([
    { skip: 0, limit: Infinity, numbers: [1, 2, 3, 4], skipped: 0 },
    { skip: 3, limit: Infinity, numbers: [4], skipped: 3 },
    { skip: 9, limit: Infinity, numbers: [], skipped: 4 },
    { skip: 0, limit: 2, numbers: [1, 2], skipped: 0 },
    { skip: 1, limit: 2, numbers: [2, 3], skipped: 1 },
    { skip: 1, limit: 0, numbers: [], skipped: 0 },
  ])("after $skip, at most $limit: $numbers", async ({ skip, limit, numbers, skipped }) => {
    let heard = 0;
    const selected = selectRecords(recordsOf(["a", "b", "c", "d"]), { skip, limit }, () => (heard += 1));
    expect((await collect(selected)).map(({ number }) => number)).toEqual(numbers);
    expect(heard).toBe(skipped);
  });

  it("reads no further than the limit", async () => {
    async function* endless() {
      yield* recordsOf(["a"]);
      expect.unreachable();
    }
    const selected = selectRecords(endless(), { skip: 0, limit: 1 }, () => undefined);
    expect(await collect(selected)).toHaveLength(1);
  });
});
