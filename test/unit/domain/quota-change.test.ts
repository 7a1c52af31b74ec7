import { expect, it } from "vitest";
import { parseQuota, type Quota } from "../../../shared/domain/quota.ts";
import { compareQuotas } from "../../../shared/domain/quota-change.ts";

function quota(text: string): Quota {
  const parsed = parseQuota(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
}

it.each([
  { before: "20/1s", after: "20/1s", changes: [[1_000, 20, 20, false]] },
  { before: "20/1s", after: "21/1s", changes: [[1_000, 20, 21, true]] },
  { before: "20/1s", after: "19/1s", changes: [[1_000, 20, 19, false]] },
  {
    before: "20/1s,50000/1h",
    after: "20/1s",
    changes: [
      [1_000, 20, 20, false],
      [3_600_000, 50_000, undefined, true],
    ],
  },
  {
    before: "20/1s",
    after: "1000/1m,20/1s",
    changes: [
      [1_000, 20, 20, false],
      [60_000, undefined, 1_000, false],
    ],
  },
  {
    before: "20/1s",
    after: "600/1m",
    changes: [
      [1_000, 20, undefined, true],
      [60_000, undefined, 600, false],
    ],
  },
])("$before to $after", ({ before, after, changes }) => {
  const found = compareQuotas(quota(before), quota(after));
  expect(found.map((change) => [change.windowMs, change.before, change.after, change.isLooser])).toEqual(
    changes,
  );
});
