import { Counter, Histogram, type Registry } from "prom-client";
import { SUCCESS_CODE } from "../domain/failure.ts";
import { boundedLabels } from "./bounded-labels.ts";

/** What the worker records of API calls and their permits. */
export interface CallMetrics {
  /** A call ended, in whatever way: the gateway's code, or ours where it said nothing. */
  readonly callEnded: (call: { readonly code: string; readonly latencyMs: number }) => void;
  /** A permit was granted after this wait. */
  readonly permitWaited: (waitMs: number) => void;
  /** A permit was too old when its call could leave. */
  readonly permitWentStale: () => void;
}

/** Seconds. A permit may be there at once or come after the minute that a delivery waits for it in hand. */
const WAIT_BUCKETS = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Seconds, up to the longest deadline of a call. */
const LATENCY_BUCKETS = [0.01, 0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.5, 3, 6, 15, 30, 60];

/** Registers them. */
export function callMetrics(registry: Registry): CallMetrics {
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
