import type { Evidence } from "./evidence.ts";
import type { Outcome } from "./outcome.ts";

/** Who has it yields to all others, however long it has waited. */
export const YIELDING_PRIORITY = 9;

/** How a transaction stands in the queue for calls. */
export interface Urgency {
  /** 0 goes first, 9 last. */
  readonly priority: number;
  /** Until then its calls may wait, for a permit or for their time; monotonic milliseconds. */
  readonly waitsUntilMs: number;
  /** Whether a wait that is known to outlast this sends it away at once. */
  readonly leavesWhenHeld: boolean;
}

/** What calling came to; `calls` counts all that were made for the transaction so far. */
export type Scoring =
  | {
      readonly kind: "evidence";
      readonly evidence: Evidence;
      readonly calls: number;
      /** What a call that was under way when time was up comes to. */
      readonly tooLate?: Promise<Scoring>;
    }
  /** Somebody else's outcome is stored. */
  | { readonly kind: "settled"; readonly outcome: Outcome }
  /** The claim went to somebody else, or the journal was lost: claim again, with the calls known here. */
  | { readonly kind: "lost"; readonly calls: number };
