import { describe, expect, it } from "vitest";
import { forecast, type CallsAllowed } from "../../../scripts/cli/forecast.ts";

const NOW = 1_000_000;

/** 20 a second and 50,000 an hour, nothing used, nothing in the way. */
function allowed(changes: Partial<CallsAllowed> = {}): CallsAllowed {
  return {
    nowMs: NOW,
    windows: [window(20, 1_000, 0), window(50_000, 3_600_000, 0)],
    spacingMs: 48.5,
    lastCallAtMs: undefined,
    patienceRemainingMs: 0,
    rampRemainingMs: 0,
    strikes: 0,
    holds: [],
    replicas: [],
    ...changes,
  };
}

function window(calls: number, windowMs: number, used: number, effective = calls) {
  return { calls, windowMs, used, effective };
}

describe("a backlog is cleared", () => {
  it.each([
    { title: "at once where there is none", backlog: 0, ms: 0 },
    { title: "as fast as calls are spaced where all windows admit it", backlog: 10, ms: 485 },
    { title: "at the short window's rate while the long one admits it", backlog: 1_000, ms: 50_000 },
    { title: "at the long window's rate where it is too much for it", backlog: 100_000, ms: 7_200_000 },
    {
      title: "at the long window's rate where most of that is used",
      backlog: 1_000,
      changes: { windows: [window(20, 1_000, 0), window(50_000, 3_600_000, 49_500)] },
      ms: 72_000,
    },
    {
      title: "at the rate that limit answers leave",
      backlog: 1_000,
      changes: { windows: [window(20, 1_000, 0, 5), window(50_000, 3_600_000, 0)], spacingMs: 200 },
      ms: 200_000,
    },
    {
      title: "later where the gateway asked for patience",
      backlog: 1_000,
      changes: { patienceRemainingMs: 30_000 },
      ms: 80_000,
    },
    {
      // A tenth at first: 45 % of the minute's calls are missing at its end.
      title: "27 s later from the start of a ramp, however far apart calls are now",
      backlog: 1_000,
      changes: { rampRemainingMs: 60_000, spacingMs: 720 },
      ms: 77_000,
    },
    {
      title: "hardly later from the end of a ramp",
      backlog: 1_000,
      changes: { rampRemainingMs: 6_000, spacingMs: 60 },
      ms: 50_270,
    },
  ])("$title", ({ backlog, changes, ms }) => {
    expect(forecast(backlog, allowed(changes), 10).clearedInMs).toBeCloseTo(ms, 6);
  });
});

describe("a permit", () => {
  it.each([
    { title: "is there at once where nobody called lately", changes: {}, ms: 0 },
    { title: "comes when calls are far enough apart", changes: { lastCallAtMs: NOW - 8.5 }, ms: 40 },
    { title: "comes after one that is promised", changes: { lastCallAtMs: NOW + 100 }, ms: 148.5 },
    {
      title: "comes when a full window lets one go",
      changes: {
        lastCallAtMs: NOW,
        windows: [window(20, 1_000, 1), window(3_600, 3_600_000, 3_600)],
      },
      ms: 1_000,
    },
    {
      title: "comes no sooner than the gateway asked for",
      changes: { patienceRemainingMs: 2_000 },
      ms: 2_000,
    },
  ])("$title", ({ changes, ms }) => {
    expect(forecast(0, allowed(changes), 10).permitWaitMs).toBeCloseTo(ms, 6);
  });
});

describe("calls are held", () => {
  const hold = (kind: string, remainingMs: number) => [{ kind, remainingMs }];
  it.each([
    { title: "by nothing", changes: {}, isHeld: false },
    { title: "by a ban", changes: { holds: hold("banned", 1) }, isHeld: true },
    { title: "by a ban until its probe was answered", changes: { holds: hold("banned", 0) }, isHeld: true },
    { title: "by an operator", changes: { holds: hold("operator", 1) }, isHeld: true },
    { title: "by a kind that is not known yet", changes: { holds: hold("war", 0) }, isHeld: true },
    { title: "for missing permission", changes: { holds: hold("permission", 1) }, isHeld: true },
    {
      title: "not by a permission hold that nobody probes",
      changes: { holds: hold("permission", 0) },
      isHeld: false,
    },
    {
      title: "where each replica is held",
      changes: { replicas: [{ hold: {} }, { hold: {} }] },
      isHeld: true,
    },
    {
      title: "not where one replica of two is",
      changes: { replicas: [{ hold: {} }, { hold: undefined }] },
      isHeld: false,
    },
    { title: "not by strikes within the budget", changes: { strikes: 9 }, isHeld: false },
    { title: "by strikes that use the budget up", changes: { strikes: 10 }, isHeld: true },
  ])("$title", ({ changes, isHeld }) => {
    const found = forecast(5, allowed(changes), 10);
    expect(found.isHeld).toBe(isHeld);
    expect(found.clearedInMs === undefined).toBe(isHeld);
    expect(found.permitWaitMs === undefined).toBe(isHeld);
  });
});
