import { Gauge, type Registry } from "prom-client";

/** What is found out by looking. */
export interface WatchedMetrics {
  /** Names who knows how many there are; asked when somebody looks. */
  readonly watch: (what: Watched, count: () => number) => void;
}

/** Each is 0 until it is watched. */
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
  redisAnswers: {
    name: "riskline_redis_up",
    help: "1 where Redis answers, 0 from a failure until none has come for some seconds",
  },
} as const;
type Watched = keyof typeof WATCHED;

/** Registers them. */
export function watchedMetrics(registry: Registry): WatchedMetrics {
  const counts = new Map<string, () => number>();
  for (const [what, metric] of Object.entries(WATCHED)) {
    const collect = function (this: Gauge): void {
      this.set(counts.get(what)?.() ?? 0);
    };
    registry.registerMetric(new Gauge({ ...metric, registers: [], collect }));
  }
  return { watch: (what, count) => void counts.set(what, count) };
}
