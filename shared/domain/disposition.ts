import type { DeadLetter } from "./dead-letter.ts";
import type { Money } from "./money.ts";
import type { RiskResult } from "./risk-result.ts";

/** What becomes of a delivery. The handler returns one; the consumer settles it. */
export type Disposition =
  /**
   * Publish the result, wait for the confirm, ack. `rail` and `merchantId` become headers to bind by. One that is to be
   * upgraded is copied to the waiting queue before the ack.
   */
  | {
      readonly action: "complete";
      readonly result: RiskResult;
      readonly rail: string;
      readonly merchantId: string | undefined;
      readonly isToBeUpgraded?: boolean;
    }
  /** Publish the producer's body and properties as a dead letter, wait for the confirm, ack. */
  | {
      readonly action: "dead-letter";
      readonly deadLetter: DeadLetter;
      /** Absent where the body did not parse. */
      readonly transactionId?: string;
    }
  /** Move to the waiting queue: no call can be made soon. Publish, confirm, ack. */
  | {
      readonly action: "wait";
      readonly cause: string;
      /** API calls made so far: the copy tells them, should the journal be lost. */
      readonly calls: number;
      readonly transactionId?: string;
      /** What is put off. */
      readonly amount?: Money;
    }
  /** Back onto its own queue, for another replica. "unpublished": what came of it was refused for too long. */
  | {
      readonly action: "give-back";
      readonly cause: "shutdown" | "unpublished";
      readonly transactionId?: string;
    };

/** Undefined where nobody knows it: the body did not parse. */
export const transactionIdOf = (disposition: Disposition): string | undefined =>
  disposition.action === "complete" ? disposition.result.transactionId : disposition.transactionId;
