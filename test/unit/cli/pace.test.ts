import { describe, expect, it } from "vitest";
import { Pace } from "../../../scripts/cli/publish/pace.ts";

const turns = (pace: Pace, count: number, now: number): number[] =>
  Array.from({ length: count }, () => pace.nextTurnMs(now));

describe("a pace", () => {
  it("spaces turns evenly", () => {
    expect(turns(new Pace(10, 5_000), 4, 5_000)).toEqual([0, 100, 200, 300]);
  });

  it("asks nobody to wait where there is no rate", () => {
    expect(turns(new Pace(Infinity, 0), 3, 0)).toEqual([0, 0, 0]);
  });

  it("makes up for a timer that was late", () => {
    const pace = new Pace(10, 0);
    pace.nextTurnMs(0);
    expect(pace.nextTurnMs(130)).toBe(0);
    expect(pace.nextTurnMs(130)).toBe(70);
  });

  it("does not make up for a long standstill with a burst", () => {
    const pace = new Pace(100, 0);
    const due = turns(pace, 50, 60_000).filter((ms) => ms === 0);
    expect(due).toHaveLength(11); // a tenth of a second's worth, and the one whose turn it is
  });
});
