import type { Delivery } from "../../shared/domain/delivery.ts";

type Shares = Readonly<Record<Delivery["lane"], number>>;

/** Parts of the whole; the standard lane takes what the others leave. */
const SMALL_SHARES: Readonly<Record<Exclude<Delivery["lane"], "standard">, number>> = {
  urgent: 0.25,
  replay: 0.05,
  waiting: 0.2,
};

/**
 * How the deliveries that a replica may hold, four or more, are shared out among its queues, so that a full one
 * never blocks another. Each has one at least, and all together have `total`.
 */
export function prefetchShares(total: number): Shares {
  const part = (share: number): number => Math.max(1, Math.floor(total * share));
  const urgent = part(SMALL_SHARES.urgent);
  const replay = part(SMALL_SHARES.replay);
  const waiting = part(SMALL_SHARES.waiting);
  return { urgent, standard: total - urgent - replay - waiting, replay, waiting };
}
