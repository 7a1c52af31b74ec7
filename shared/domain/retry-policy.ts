import type { Failure } from "./failure.ts";

/** How often, and how far apart, a transaction's calls are made. */
export interface RetryPolicy {
  /** Retries after the first call. */
  readonly retryLimit: number;
  /** Wait before the first retry; doubled for each further one. */
  readonly initialDelayMs: number;
}

/** What a failed call leads to. */
export type AfterFailure =
  | { readonly next: "call"; readonly delayMs: number }
  | { readonly next: "dead-letter"; readonly reason: "rejected" | "attempts-exhausted" }
  /** No call is of use until something changes; this transaction waits without calling. */
  | { readonly next: "hold" };

/** Calls for one transaction at most, the first included. */
export const callLimit = (policy: RetryPolicy): number => policy.retryLimit + 1;

/** How many of the calls made for a transaction count against the limit. */
export const countedCalls = (calls: number, forgiven: number): number => Math.max(0, calls - forgiven);

/** The wait after call number `call`, counted from 1. */
export const delayAfterCall = (call: number, policy: RetryPolicy): number =>
  policy.initialDelayMs * 2 ** (call - 1);

/** Pure: the same failure after the same number of calls leads to the same. */
export function afterFailure(failure: Failure, calls: number, policy: RetryPolicy): AfterFailure {
  switch (failure.kind) {
    case "permanent":
    case "unknown-code":
      return { next: "dead-letter", reason: "rejected" };
    case "retryable":
    case "quota":
      if (calls >= callLimit(policy)) return { next: "dead-letter", reason: "attempts-exhausted" };
      return { next: "call", delayMs: delayAfterCall(calls, policy) };
    case "banned":
    case "permission":
    case "clock-skew":
      // Our fault, so no dead letter; but where all calls were really made, waiting would never end.
      return calls >= callLimit(policy)
        ? { next: "dead-letter", reason: "attempts-exhausted" }
        : { next: "hold" };
  }
}
