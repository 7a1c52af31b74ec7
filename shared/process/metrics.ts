import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import { DEAD_LETTER_REASONS } from "../domain/dead-letter.ts";
import { LANES } from "../domain/delivery.ts";
import { HOLD_KINDS, type HoldKind } from "../domain/permit.ts";
import { formatWindow } from "../domain/quota.ts";
import { RESULT_SOURCES } from "../domain/risk-result.ts";
import { usefulReplicas, type WindowLoad } from "../domain/useful-replicas.ts";
import { boundedLabels } from "./bounded-labels.ts";
import { healthMetrics, type HealthMetrics } from "./health-metrics.ts";

/** What the worker records. */
export interface Metrics extends HealthMetrics {
  /** A delivery left our hands, `ms` after it was taken. */
  readonly deliverySettled: (delivery: SettledDelivery) => void;
  /** A transaction in the waiting queue was due, and got its fallback. */
  readonly deadlineMet: () => void;
  /** A call ended, in whatever way: the gateway's code, or ours where it said nothing. */
  readonly callEnded: (call: { readonly code: string; readonly latencyMs: number }) => void;
  /** A permit was granted after this wait. */
  readonly permitWaited: (waitMs: number) => void;
  /** Calls were paid for, in ten-thousandths of a yuan. */
  readonly spent: (tenThousandths: number) => void;
  /** A result was stored for the first time; `saved`: what the call that it did not need costs, in ten-thousandths of a yuan. */
  readonly resultStored: (result: { readonly source: string; readonly saved: number }) => void;
  /** How far a budget is spent, by all replicas, in ten-thousandths of a yuan. */
  readonly budgetSeen: (use: {
    readonly period: string;
    readonly budget: number;
    readonly spent: number;
  }) => void;
  /** A hold of this kind began or ended, as this replica meets it. */
  readonly holdChanged: (kind: string, isHeld: boolean) => void;
  /** A permit was too old when its call could leave. */
  readonly permitWentStale: () => void;
  /** What the shared ledger says of quota, limit answers and replicas, all of them together. */
  readonly ledgerSeen: (ledger: LedgerSeen, strikeBudget: number) => void;
  /** Redis did not do what it was asked for. */
  readonly redisFailed: () => void;
  /** Names who knows how many there are; asked when somebody looks. */
  readonly watch: (what: Watched, count: () => number) => void;
}

/** The part of the ledger that is worth a metric. */
export interface LedgerSeen {
  readonly windows: readonly WindowLoad[];
  /** Limit answers in the last 24 hours. */
  readonly strikes: number;
  readonly brakeRemainingMs: number;
  /** Those heard of lately. */
  readonly replicas: readonly unknown[];
  /** Holds that the ledger keeps for this replica and others. */
  readonly holds: readonly { readonly kind: string }[];
}

/** What is found out by looking, and is 0 until it is watched. */
const WATCHED = {
  deliveriesInHand: { name: "riskline_in_flight_deliveries", help: "Deliveries in hand, not yet acked" },
  callsInFlight: {
    name: "riskline_calls_in_flight",
    help: "API calls under way, from their permit to their end",
  },
  callsWaiting: {
    name: "riskline_calls_waiting",
    help: "API calls that wait for a permit of the shared quota",
  },
  isReady: { name: "riskline_ready", help: "1 where this replica can work, as /readyz says" },
  redisAnswers: { name: "riskline_redis_up", help: "1 where Redis answered last, 0 where it failed" },
} as const;
type Watched = keyof typeof WATCHED;

/** How a delivery was settled: a result says by which source, a dead letter for which reason. */
export type SettledDelivery = { readonly lane: string; readonly ms: number } & (
  | { readonly outcome: "result"; readonly source: string }
  | { readonly outcome: "dead-letter"; readonly reason: string }
  /** What moved to the waiting queue from a lane, and not from that queue to its end, was put off. */
  | { readonly outcome: "wait"; readonly putOff?: PutOff }
  | { readonly outcome: "give-back" }
);

interface PutOff {
  readonly currency: string;
  /** In major units: what a graph shows. */
  readonly value: number;
}

/** The metrics as Prometheus reads them. */
export interface MetricsPage {
  readonly contentType: string;
  readonly render: () => Promise<string>;
}

/** Seconds. A permit may be there at once or come after the minute that a delivery waits for it in hand. */
const WAIT_BUCKETS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds, up to the longest deadline of a call. */
const LATENCY_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 15, 30, 60];
/** Seconds, from a stored score to three retries. */
const DURATION_BUCKETS = [0.002, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 40, 60, 120, 300];

/** Holds that the ledger keeps, so that a replica knows of them before it has a call to make. */
const KEPT_HOLDS: readonly HoldKind[] = ["banned", "permission", "operator"];

/** Makes a registry of its own, with Node.js' process metrics in it. */
export function createMetrics(): { readonly metrics: Metrics; readonly page: MetricsPage } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    metrics: {
      ...deliveryMetrics(registry),
      ...callMetrics(registry),
      ...spendingMetrics(registry),
      ...stateMetrics(registry),
      ...holdAndLedgerMetrics(registry),
      ...healthMetrics(registry),
    },
    page: { contentType: registry.contentType, render: () => registry.metrics() },
  };
}

/** A series that begins with its first event shows no rise: what can be expected is there from the start. */
const EXPECTED_DELIVERIES = [...LANES, "waiting"].flatMap((lane) =>
  [
    RESULT_SOURCES.map((source) => ({ outcome: "result", lane, source })),
    DEAD_LETTER_REASONS.map((reason) => ({ outcome: "dead-letter", lane, reason })),
    ["wait", "give-back"].map((outcome) => ({ outcome, lane })),
  ].flat(),
);

function deliveryMetrics(registry: Registry): Pick<Metrics, "deliverySettled" | "deadlineMet"> {
  const registers = [registry];
  const deliveries = new Counter({
    name: "riskline_deliveries_total",
    help: "Deliveries settled: results by source, dead letters by reason, and those moved to wait or given back",
    labelNames: ["outcome", "source", "reason", "lane"],
    registers,
  });
  const durations = new Histogram({
    name: "riskline_transaction_duration_seconds",
    help: "From taking a delivery to its ack",
    labelNames: ["outcome"],
    buckets: DURATION_BUCKETS,
    registers,
  });
  const deadlines = new Counter({
    name: "riskline_deadline_fallbacks_total",
    help: "Fallbacks given to transactions that were due in the waiting queue; their deliveries are settled later",
    registers,
  });
  for (const labels of EXPECTED_DELIVERIES) deliveries.inc(labels, 0);
  const putOffs = new Counter({
    name: "riskline_put_off_total",
    help: "Transactions moved to the waiting queue because no call could be made soon, by currency",
    labelNames: ["currency"],
    registers,
  });
  const putOffValues = new Counter({
    name: "riskline_put_off_value_total",
    help: "What they were worth, in the currency's major unit",
    labelNames: ["currency"],
    registers,
  });
  const [bySource, byReason, byLane] = [boundedLabels(20), boundedLabels(20), boundedLabels(8)];
  const byCurrency = boundedLabels(40);
  return {
    deadlineMet: () => deadlines.inc(),
    deliverySettled: (delivery) => {
      const { outcome, ms } = delivery;
      const lane = byLane(delivery.lane);
      if (outcome === "result") deliveries.inc({ outcome, lane, source: bySource(delivery.source) });
      else if (outcome === "dead-letter")
        deliveries.inc({ outcome, lane, reason: byReason(delivery.reason) });
      else deliveries.inc({ outcome, lane });
      if (outcome === "wait" && delivery.putOff !== undefined) {
        const currency = byCurrency(delivery.putOff.currency);
        putOffs.inc({ currency });
        putOffValues.inc({ currency }, delivery.putOff.value);
      }
      durations.observe({ outcome }, ms / 1_000);
    },
  };
}

/** The gateway's for an answer that is a score. */
const SUCCESS_CODE = "10000";

function callMetrics(registry: Registry): Pick<Metrics, "callEnded" | "permitWaited" | "permitWentStale"> {
  const registers = [registry];
  const calls = new Counter({
    name: "riskline_calls_total",
    help: "API calls by the gateway's code and sub-code, or by what came instead of an answer",
    labelNames: ["code"],
    registers,
  });
  const latencies = new Histogram({
    name: "riskline_gateway_latency_seconds",
    help: "From sending a call to the end of its answer or its deadline",
    buckets: LATENCY_BUCKETS,
    registers,
  });
  const waits = new Histogram({
    name: "riskline_permit_wait_seconds",
    help: "How long calls waited for a permit of the shared quota",
    buckets: WAIT_BUCKETS,
    registers,
  });
  const stale = new Counter({
    name: "riskline_permits_stale_total",
    help: "Permits given up because they were too old when their call could leave",
    registers,
  });
  const byCode = boundedLabels(100);
  calls.inc({ code: byCode(SUCCESS_CODE) }, 0);
  return {
    callEnded: ({ code, latencyMs }) => {
      calls.inc({ code: byCode(code) });
      latencies.observe(latencyMs / 1_000);
    },
    permitWaited: (waitMs) => waits.observe(waitMs / 1_000),
    permitWentStale: () => stale.inc(),
  };
}

const YUAN = 10_000;

function spendingMetrics(registry: Registry): Pick<Metrics, "spent" | "resultStored" | "budgetSeen"> {
  const registers = [registry];
  const results = new Counter({
    name: "riskline_results_total",
    help: "Results of this replica that were stored first, each once, by source",
    labelNames: ["source"],
    registers,
  });
  // Kept as integers: a counter of hundredths of a yuan would drift.
  let spent = 0;
  const saved = new Map<string, number>();
  registry.registerMetric(
    new Counter({
      name: "riskline_spend_cny_total",
      help: "What this replica's calls cost, in CNY",
      registers: [],
      collect() {
        this.reset();
        this.inc(spent / YUAN);
      },
    }),
  );
  registry.registerMetric(
    new Counter({
      name: "riskline_saved_cny_total",
      help: "What calls would have cost that were not needed, in CNY, by the source that answered instead",
      labelNames: ["source"],
      registers: [],
      collect() {
        this.reset();
        for (const [source, tenThousandths] of saved) this.inc({ source }, tenThousandths / YUAN);
      },
    }),
  );
  const ofBudget = (name: string, help: string) =>
    new Gauge({ name: `riskline_budget_${name}`, help, labelNames: ["period"], registers });
  const limit = ofBudget("cny", "The budget for calls, in CNY, by day and month");
  const used = ofBudget(
    "spent_cny",
    "What calls of all replicas cost in the day or month of this replica's last call",
  );
  const bySource = boundedLabels(20);
  return {
    spent: (tenThousandths) => {
      spent += tenThousandths;
    },
    resultStored: (result) => {
      const source = bySource(result.source);
      results.inc({ source });
      if (result.saved > 0) saved.set(source, (saved.get(source) ?? 0) + result.saved);
    },
    budgetSeen: (use) => {
      limit.set({ period: use.period }, use.budget / YUAN);
      used.set({ period: use.period }, use.spent / YUAN);
    },
  };
}

function stateMetrics(registry: Registry): Pick<Metrics, "redisFailed" | "watch"> {
  const registers = [registry];
  const redisFailures = new Counter({
    name: "riskline_redis_failures_total",
    help: "Commands that Redis refused or did not answer in time, and connections to it that failed",
    registers,
  });
  const counts = new Map<string, () => number>();
  for (const [what, metric] of Object.entries(WATCHED)) {
    const collect = function (this: Gauge): void {
      this.set(counts.get(what)?.() ?? 0);
    };
    registry.registerMetric(new Gauge({ ...metric, registers: [], collect }));
  }
  return {
    redisFailed: () => redisFailures.inc(),
    watch: (what, count) => void counts.set(what, count),
  };
}

/** A hold is told by the replica that meets it, and by the ledger where it is everybody's. */
function holdAndLedgerMetrics(registry: Registry): Pick<Metrics, "holdChanged" | "ledgerSeen"> {
  const holds = new Gauge({
    name: "riskline_holds",
    help: "1 where calls are held, by kind of hold, as this replica sees it",
    labelNames: ["kind"],
    registers: [registry],
  });
  const byKind = boundedLabels(20);
  for (const kind of HOLD_KINDS) holds.set({ kind }, 0);
  const seeWindows = ledgerGauges(registry);
  return {
    holdChanged: (kind, isHeld) => holds.set({ kind: byKind(kind) }, isHeld ? 1 : 0),
    ledgerSeen: (ledger, strikeBudget) => {
      const held = new Set(ledger.holds.map(({ kind }) => kind));
      for (const kind of KEPT_HOLDS) holds.set({ kind }, held.has(kind) ? 1 : 0);
      holds.set({ kind: "strikes" }, ledger.strikes >= strikeBudget ? 1 : 0);
      seeWindows(ledger, strikeBudget);
    },
  };
}

function ledgerGauges(registry: Registry): Metrics["ledgerSeen"] {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name: `riskline_${name}`, help, registers });
  const byWindow = (name: string, help: string) =>
    new Gauge({ name: `riskline_quota_${name}`, help, labelNames: ["window"], registers });
  const windowGauges = [
    ["calls", byWindow("calls", "Calls that the quota allows in the window")],
    ["used", byWindow("used", "Calls of all replicas that the window counts")],
    [
      "effective",
      byWindow("effective", "Calls that the window admits, fewer where limit answers taught less"),
    ],
  ] as const;
  const strikes = gauge("strikes", "Limit answers in the last 24 hours");
  const budget = gauge("strike_budget", "Limit answers in 24 hours at which calls stop");
  const brake = gauge("brake_remaining_seconds", "Until the brake is off after a limit answer");
  const replicas = gauge("replicas", "Replicas that the ledger heard of in the last minute");
  const useful = gauge("useful_replicas", "Replicas that the quota can feed; any more only wait");
  return (ledger, strikeBudget) => {
    for (const [what, metric] of windowGauges) {
      metric.reset(); // a window may be gone
      for (const window of ledger.windows)
        metric.set({ window: formatWindow(window.windowMs) }, window[what]);
    }
    strikes.set(ledger.strikes);
    budget.set(strikeBudget);
    brake.set(ledger.brakeRemainingMs / 1_000);
    replicas.set(ledger.replicas.length);
    useful.set(usefulReplicas(ledger.windows));
  };
}
