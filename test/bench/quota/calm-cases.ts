import type { QuotaCase } from "./quota-case.ts";
import type { Stage } from "./stage.ts";

const LATENCY_MS = 80;

const untilTheEnd = (stage: Stage): Promise<void> => stage.run(stage.extent.seconds);

/** Nothing goes wrong: this is what the quota's utilisation is measured on. */
export const CALM_CASES: readonly QuotaCase[] = [
  ...[1, 2, 4, 8].map((replicas) => ({
    name: `replicas-${replicas}`,
    what: `${replicas} started all at once on a standing backlog`,
    quota: "50/1s",
    latencyMs: LATENCY_MS,
    replicas,
    leastUtilisation: 0.95,
    play: untilTheEnd,
  })),
  {
    name: "uneven-latency",
    what: "answers take 45 ms, or 74, or 300: a call counts until its answer but for the fastest one's time",
    quota: "50/1s",
    replicas: 4,
    leastUtilisation: 0.9,
    play: untilTheEnd,
  },
  {
    name: "short-windows",
    what: "three windows: the one of 10 s twice, then the hour's is used up",
    quota: "5/1s,20/10s,45/1h",
    latencyMs: LATENCY_MS,
    replicas: 2,
    leastUtilisation: 0.95,
    play: (stage) => stage.run(26),
  },
];

/** Longer than a test run has time for. */
export const LONG_WINDOW_CASES: readonly QuotaCase[] = [
  {
    name: "minute-window",
    what: "a second window inside a minute's",
    quota: "20/1s,600/1m",
    latencyMs: LATENCY_MS,
    replicas: 2,
    leastUtilisation: 0.98,
    play: (stage) => stage.run(Math.max(stage.extent.seconds, 130)),
  },
  {
    name: "hour-window",
    what: "windows of a second, a minute and an hour, the last one used up within the test",
    quota: "5/1s,100/1m,250/1h",
    latencyMs: LATENCY_MS,
    replicas: 2,
    leastUtilisation: 0.98,
    play: (stage) => stage.run(Math.max(stage.extent.seconds, 150)),
  },
  {
    name: "three-windows",
    what: "the same with 1,000 an hour",
    quota: "5/1s,100/1m,1000/1h",
    latencyMs: LATENCY_MS,
    replicas: 2,
    leastUtilisation: 0.98,
    play: (stage) => stage.run(Math.max(stage.extent.seconds, 130)),
  },
];
