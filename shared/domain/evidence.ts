import type { Score } from "./claim.ts";
import type { Failure } from "./failure.ts";
import type { HoldKind } from "./permit.ts";

/** What the work on a claimed transaction brought to light. */
export type Evidence =
  | { readonly kind: "scored"; readonly score: Score; readonly source: "alipay" | "cache" }
  | { readonly kind: "below-threshold" }
  | { readonly kind: "unsupported-rail" }
  /** `decideBy` was past when the transaction was first taken up. */
  | { readonly kind: "expired" }
  /** The last call made, and no other will be. */
  | { readonly kind: "failed"; readonly failure: Failure }
  /** All calls were made, and the answer to the last one was lost with the worker that made it. */
  | { readonly kind: "calls-used-up" }
  /** `decideBy` is near, and nobody could answer. */
  | { readonly kind: "overdue" }
  /** No call can be made for some time: none is permitted, the next one is not due, somebody else is at it, or at the payer's score. */
  | { readonly kind: "held"; readonly cause: HoldKind | "quota" | "retry" | "leased" | "following" }
  | { readonly kind: "interrupted" };
