import { beforeEach, describe, expect, it, vi } from "vitest";
import { ReplicaHold } from "../../../shared/alipay/replica-hold.ts";
import type { ReplicaHoldKind } from "../../../shared/domain/permit.ts";

const MINUTE = 60_000;

const onOver = vi.fn();
let hold: ReplicaHold;

beforeEach(() => {
  onOver.mockClear();
  hold = new ReplicaHold(onOver);
});

it("stands nowhere from the start", () => {
  expect(hold.standing(0)).toBeUndefined();
});

it.each([
  { kind: "clock-skew", stepsMs: [1, 2, 4, 8, 16, 30, 30].map((minutes) => minutes * MINUTE) },
  { kind: "unreachable", stepsMs: [1, 2, 4, 8, 10, 10].map((seconds) => seconds * 1_000) },
] as const)("$kind lasts longer with each probe that fails, up to a limit", ({ kind, stepsMs }) => {
  let nowMs = 0;
  const lasted = stepsMs.map(() => {
    hold.engage(kind, "cause", nowMs, nowMs);
    const standing = hold.standing(nowMs);
    nowMs += standing?.remainingMs ?? 0;
    return standing?.remainingMs;
  });
  expect(lasted).toEqual(stepsMs);
});

it("tells kind, cause and what is left", () => {
  hold.engage("clock-skew", "40002 isv.invalid-timestamp", 0, 100);
  expect(hold.standing(10_100)).toEqual({
    kind: "clock-skew",
    cause: "40002 isv.invalid-timestamp",
    remainingMs: 50_000,
  });
});

it("is told as this replica's own since it began, also while a probe is due", () => {
  expect(hold.own(0)).toBeUndefined();
  hold.engage("unreachable", "ECONNREFUSED", 0, 0);
  hold.engage("unreachable", "ECONNREFUSED", 1_000, 1_000);
  const told = { kind: "unreachable", cause: "ECONNREFUSED" };
  expect(hold.own(1_500)).toEqual({ ...told, remainingMs: 1_500, forMs: 1_500 });
  expect(hold.own(4_000)).toEqual({ ...told, remainingMs: 0, forMs: 4_000 });
});

it("for want of budget is not this replica's own", () => {
  hold.spend("day", 1_000, 0);
  expect(hold.own(0)).toBeUndefined();
});

it("is over at its end, to the millisecond", () => {
  hold.engage("unreachable", "ECONNREFUSED", 0, 0);
  expect(hold.standing(999)).toMatchObject({ remainingMs: 1 });
  expect(hold.standing(1_000)).toBeUndefined();
});

it("is not renewed by a call that left before it was set", () => {
  hold.engage("unreachable", "ECONNREFUSED", 0, 100);
  hold.engage("unreachable", "ECONNREFUSED", 99, 200);
  expect(hold.standing(100)).toMatchObject({ remainingMs: 1_000 });
});

it("begins with the first step where another kind takes over", () => {
  for (const nowMs of [0, 1_000, 3_000]) hold.engage("unreachable", "ECONNREFUSED", nowMs, nowMs);
  hold.engage("clock-skew", "40002", 10_000, 10_000);
  expect(hold.standing(10_000)).toMatchObject({ kind: "clock-skew", remainingMs: MINUTE });
});

describe("its probe", () => {
  const engageAt = (kind: ReplicaHoldKind, nowMs: number) => hold.engage(kind, "cause", nowMs, nowMs);

  it("keeps the others back until it is answered, or cannot be any more", () => {
    engageAt("unreachable", 0);
    expect(hold.standing(1_000)).toBeUndefined();
    hold.beginProbe("probe", 1_000, 6_000);
    expect(hold.standing(6_999)).toMatchObject({ kind: "unreachable", remainingMs: 1 });
    expect(hold.standing(7_000)).toBeUndefined();
  });

  it("is looked at again soon, for five seconds: mostly its answer comes long before it must", () => {
    engageAt("unreachable", 0);
    expect(hold.lookAgainInMs("unreachable", 999)).toBe(Infinity);
    hold.beginProbe("probe", 1_000, 120_000);
    expect(hold.lookAgainInMs("unreachable", 1_000)).toBe(250);
    expect(hold.lookAgainInMs("budget", 1_000)).toBe(Infinity);
    expect(hold.lookAgainInMs("unreachable", 6_000)).toBe(Infinity);
    expect(hold.standing(6_000)).toMatchObject({ remainingMs: 115_000 });
  });

  it("that never left makes room for another one, and no other call does", () => {
    engageAt("unreachable", 0);
    hold.beginProbe("probe", 1_000, 6_000);
    hold.endProbe("another", 1_100);
    expect(hold.standing(1_100)).toMatchObject({ remainingMs: 5_900 });
    hold.endProbe("probe", 1_100);
    expect(hold.standing(1_100)).toBeUndefined();
  });

  it("whose answer tells nothing of the hold is followed by another one, a first step later", () => {
    engageAt("clock-skew", 0);
    hold.beginProbe("probe", MINUTE, 6_000);
    hold.postponeProbe("another", MINUTE + 80);
    expect(hold.standing(MINUTE + 80)).toMatchObject({ remainingMs: 5_920 });
    hold.postponeProbe("probe", MINUTE + 80);
    expect(hold.standing(MINUTE + 80)).toMatchObject({ remainingMs: MINUTE });
    hold.lift(MINUTE + 80, "unreachable");
    expect(hold.isEngaged).toBe(true);
  });

  it("that fails renews the hold, longer", () => {
    engageAt("unreachable", 0);
    hold.beginProbe("probe", 1_000, 6_000);
    engageAt("unreachable", 1_500);
    expect(hold.standing(1_500)).toMatchObject({ remainingMs: 2_000 });
  });

  it("is not ended by a call that left before it was set", () => {
    engageAt("unreachable", 500);
    hold.lift(499);
    expect(hold.standing(501)).toMatchObject({ kind: "unreachable" });
  });

  it("that succeeds ends it, also for the next hold's length", () => {
    engageAt("unreachable", 0);
    hold.beginProbe("probe", 1_000, 6_000);
    hold.lift(1_000);
    expect(hold.standing(1_001)).toBeUndefined();
    engageAt("unreachable", 2_000);
    expect(hold.standing(2_000)).toMatchObject({ remainingMs: 1_000 });
  });

  it("tells the end once, when it succeeds", () => {
    engageAt("unreachable", 100);
    hold.beginProbe("probe", 1_100, 6_000);
    hold.lift(99);
    expect(onOver).not.toHaveBeenCalled();
    hold.lift(1_100);
    hold.lift(1_200);
    expect(onOver.mock.calls).toEqual([["unreachable"]]);
  });

  it("that fails for another reason tells the end of the former hold", () => {
    engageAt("unreachable", 0);
    engageAt("unreachable", 1_000);
    expect(onOver).not.toHaveBeenCalled();
    engageAt("clock-skew", 3_000);
    expect(onOver.mock.calls).toEqual([["unreachable"]]);
  });

  it("is no probe where nothing is held", () => {
    hold.beginProbe("probe", 0, 6_000);
    expect(hold.standing(1)).toBeUndefined();
  });
});

describe("a budget that is spent", () => {
  it("holds calls until the next day or month, without a probe", () => {
    hold.spend("day", 20_000, 0);
    expect(hold.standing(0)).toEqual({
      kind: "budget",
      cause: "the budget of this day is spent",
      remainingMs: 20_000,
    });
    hold.beginProbe("probe", 0, 10 * MINUTE);
    expect(hold.standing(19_999)).toMatchObject({ remainingMs: 1 });
    expect(hold.standing(20_000)).toBeUndefined();
  });

  it("is asked again each half minute: a call that was booked may have been taken back", () => {
    hold.spend("day", 10 * MINUTE, 0);
    expect(hold.standing(29_999)).toMatchObject({ remainingMs: 10 * MINUTE - 29_999 });
    expect(hold.standing(30_000)).toBeUndefined();
    expect(hold.isEngaged).toBe(true);
    hold.spend("day", 10 * MINUTE - 30_000, 30_000);
    expect(hold.standing(59_999)).toMatchObject({ kind: "budget" });
    expect(onOver).not.toHaveBeenCalled();
  });

  it.each([
    { title: "a call was paid for", ends: () => hold.afford() },
    { title: "its day is over", ends: () => hold.expire(MINUTE) },
  ])("is over once $title, and told so once", ({ ends }) => {
    hold.spend("day", MINUTE, 0);
    hold.expire(MINUTE - 1);
    expect(hold.isEngaged).toBe(true);
    expect(onOver).not.toHaveBeenCalled();
    ends();
    ends();
    expect(hold.isEngaged).toBe(false);
    expect(onOver.mock.calls).toEqual([["budget"]]);
  });

  it("stays so whatever the gateway says, and the other hold stands behind it", () => {
    hold.engage("unreachable", "ECONNREFUSED", 0, 0);
    hold.spend("month", 500, 0);
    expect(hold.standing(499)).toMatchObject({ kind: "budget" });
    expect(hold.standing(500)).toMatchObject({ kind: "unreachable" });
    hold.lift(100);
    expect(hold.standing(499)).toMatchObject({ kind: "budget" });
  });
});
