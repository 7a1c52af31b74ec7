import type { Evidence } from "./evidence.ts";
import type { Outcome } from "./outcome.ts";

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
