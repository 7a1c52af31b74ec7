import { Counter, Histogram, type Registry } from "prom-client";
import { DEAD_LETTER_REASONS } from "../domain/dead-letter.ts";
import { LANES } from "../domain/delivery.ts";
import { RESULT_SOURCES } from "../domain/risk-result.ts";
import { boundedLabels } from "./bounded-labels.ts";

/** What the worker records of deliveries. */
export interface DeliveryMetrics {
  /** A delivery left our hands, `ms` after it was taken. */
  readonly deliverySettled: (delivery: SettledDelivery) => void;
  /** A transaction in the waiting queue was due, and got its fallback. */
  readonly deadlineMet: () => void;
}

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

/** Seconds, from a stored score to three retries. */
const DURATION_BUCKETS = [0.002, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 40, 60, 120, 300];

/** A series that begins with its first event shows no rise: what can be expected is there from the start. */
const EXPECTED_DELIVERIES = [...LANES, "waiting"].flatMap((lane) =>
  [
    RESULT_SOURCES.map((source) => ({ outcome: "result", lane, source })),
    DEAD_LETTER_REASONS.map((reason) => ({ outcome: "dead-letter", lane, reason })),
    ["wait", "give-back"].map((outcome) => ({ outcome, lane })),
  ].flat(),
);

/** Registers them. */
export function deliveryMetrics(registry: Registry): DeliveryMetrics {
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
        const { currency } = delivery.putOff; // one of ISO 4217: parsed
        putOffs.inc({ currency });
        putOffValues.inc({ currency }, delivery.putOff.value);
      }
      durations.observe({ outcome }, ms / 1_000);
    },
  };
}
