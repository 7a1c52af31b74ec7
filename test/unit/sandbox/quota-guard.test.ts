import { describe, expect, it } from "vitest";
import { QuotaGuard } from "../../../scripts/sandbox/quota-guard.ts";

const HOUR_MS = 3_600_000;
const rules = { quota: [{ calls: 2, windowMs: 1_000 }], banAfter: 3, banHours: 24 };

describe("QuotaGuard", () => {
  it("counts refused calls, too: who goes on hammering stays out", () => {
    const guard = new QuotaGuard(rules);
    expect([0, 400, 800, 1_200, 1_600, 3_000].map((nowMs) => guard.admit(nowMs, 1))).toEqual([
      "admitted",
      "admitted",
      "limited",
      "limited",
      "limited",
      "admitted",
    ]);
  });

  it("bans with the strike after the ones it bears, for 24 hours", () => {
    const guard = new QuotaGuard(rules);
    expect([1, 2, 3].map((nowMs) => guard.strike(nowMs))).toEqual([false, false, false]);
    expect(guard.admit(4, 1)).toBe("admitted");
    expect(guard.strike(5)).toBe(true);
    expect(guard.strikes(5)).toBe(4);
    expect(guard.admit(5, 1)).toBe("banned");
    expect(guard.admit(4 + 24 * HOUR_MS, 1)).toBe("banned");
    expect(guard.admit(5 + 24 * HOUR_MS, 1)).toBe("admitted");
    expect(guard.strike(5 + 24 * HOUR_MS)).toBe(false);
  });

  it("forgets strikes that are a day old", () => {
    const guard = new QuotaGuard(rules);
    expect([0, 1, 2, 24 * HOUR_MS].map((nowMs) => guard.strike(nowMs))).toEqual([false, false, false, false]);
  });

  it("bans at the first limit answer where it bears none", () => {
    expect(new QuotaGuard({ ...rules, banAfter: 0 }).strike(0)).toBe(true);
  });
});
