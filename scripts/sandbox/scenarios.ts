import type { FaultName } from "./faults.ts";
import { fixedLatency, type Latency } from "./latency.ts";

/** How the gateway behaves for a while. */
export interface Scenario {
  readonly description: string;
  readonly latency: Latency;
  /** The share of the quota that is really in force; nobody is told. */
  readonly quotaShare: number;
  /** What a call beyond the quota is told. */
  readonly limitAnswer: "call-limited" | "http-429";
  /** Every call is answered as if the application were banned. */
  readonly isBanned: boolean;
  /** Added to the gateway's time of day. */
  readonly clockOffsetMs: number;
  /** Chances of faults, out of 1; what is left is answered truthfully. */
  readonly faults: Readonly<Partial<Record<FaultName, number>>>;
}

/** Measured from Shanghai: about 80 ms on average, never under 45. */
const USUAL_LATENCY: Latency = { leastMs: 45, medianMs: 74, spread: 0.6 };

const CALM: Scenario = {
  description: "answers truthfully after about 80 ms",
  latency: USUAL_LATENCY,
  quotaShare: 1,
  limitAnswer: "call-limited",
  isBanned: false,
  clockOffsetMs: 0,
  faults: {},
};

/** All scenarios by name; each differs from `calm` in what it lists. */
export const SCENARIOS = {
  calm: CALM,
  instant: { ...CALM, description: "answers truthfully and at once", latency: fixedLatency(0) },
  slow: {
    ...CALM,
    description: "a median of 0.9 s, a few answers after more than 3 s",
    latency: { leastMs: 300, medianMs: 900, spread: 0.7 },
  },
  flaky: {
    ...CALM,
    description: "one call in ten fails, each time in another way",
    faults: {
      "unknow-error": 0.025,
      "system-error": 0.015,
      "http-502": 0.02,
      reset: 0.015,
      "bare-unknow-error": 0.005,
      "wrong-signature": 0.005,
      truncated: 0.005,
      silence: 0.005,
      dribble: 0.005,
    },
  },
  hiccups: {
    ...CALM,
    description: "one call in a hundred fails, and its retry brings the answer",
    faults: { "unknow-error": 0.005, "http-502": 0.003, reset: 0.002 },
  },
  limited: { ...CALM, description: "silently lowers the quota to a third (40005)", quotaShare: 1 / 3 },
  throttled: {
    ...CALM,
    description: "the same, told by a proxy: HTTP 429 with Retry-After",
    quotaShare: 1 / 3,
    limitAnswer: "http-429",
  },
  outage: {
    ...CALM,
    description: "nothing gets through: HTTP 502, resets, silence",
    faults: { "http-502": 0.6, reset: 0.25, silence: 0.15 },
  },
  banned: { ...CALM, description: "the application is punished (40006)", isBanned: true },
  "no-permission": {
    ...CALM,
    description: "the API is not subscribed to",
    faults: { "no-permission": 1 },
  },
  "invalid-key": {
    ...CALM,
    description: "takes every signature for wrong, as after a change of keys",
    faults: { "invalid-key": 1 },
  },
  "clock-skew": { ...CALM, description: "the gateway's clock is 10 minutes ahead", clockOffsetMs: 600_000 },
  "bad-signature": {
    ...CALM,
    description: "signs every success wrongly",
    faults: { "wrong-signature": 1 },
  },
  unsigned: { ...CALM, description: "leaves out the signature of every success", faults: { unsigned: 1 } },
  "escaped-slashes": {
    ...CALM,
    description: "genuine answers that write / as \\/ after signing",
    faults: { "escaped-slashes": 1 },
  },
  garbage: {
    ...CALM,
    description: "answers that are no answer: HTML, cut JSON, nothing, impossible scores",
    faults: { html: 0.4, "not-json": 0.3, "empty-body": 0.15, "impossible-score": 0.15 },
  },
} as const satisfies Record<string, Scenario>;

export type ScenarioName = keyof typeof SCENARIOS;

export const SCENARIO_NAMES = Object.keys(SCENARIOS).filter(isScenarioName);

export function isScenarioName(name: unknown): name is ScenarioName {
  return typeof name === "string" && Object.hasOwn(SCENARIOS, name);
}
