import type { Quota } from "../../shared/domain/quota.ts";
import type { RetryPolicy } from "../../shared/domain/retry-policy.ts";
import type { Arrivals } from "./arrivals.ts";
import type { VirtualGatewayOptions } from "./virtual-gateway.ts";
import type { VirtualLedgerOptions } from "./virtual-ledger.ts";

/** Everything that a plan depends on: the same options give the same plan. */
export interface PlanOptions extends VirtualLedgerOptions {
  readonly arrivals: Arrivals;
  /** Of the arrivals; what waits at the end is worked off. */
  readonly durationMs: number;
  /** Transactions that wait when it begins. */
  readonly backlog: number;
  readonly quota: Quota;
  readonly gateway: Omit<VirtualGatewayOptions, "quota">;
  /** Shares of the transactions, out of 1, that need no call. */
  readonly returning: number;
  readonly belowThreshold: number;
  readonly replicas: number;
  /** Transactions that one replica holds at a time. */
  readonly handPerReplica: number;
  readonly retryPolicy: RetryPolicy;
  readonly seed: number;
}
