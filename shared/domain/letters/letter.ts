import type { DeadLetterReason } from "../dead-letter.ts";
import type { Glance } from "./glance.ts";

/** Why it is here; "misrouted" is what came through the alternate exchange: no queue takes its routing key. */
export type LetterReason = DeadLetterReason | "misrouted" | "unknown";

/** What one message on the dead-letter queue says of itself. */
export interface Letter {
  /** Which dead letter it is: copies of one (they are delivered at least once) have the same. */
  readonly instance: string;
  readonly reason: LetterReason;
  readonly detail: string | undefined;
  /** The gateway's code and sub-code. */
  readonly code: string | undefined;
  /** API calls made, as far as it knows. */
  readonly attempts: number;
  /** How often it was replayed; undefined where no worker wrote it. */
  readonly replays: number | undefined;
  /** Undefined where nobody says. */
  readonly failedAtMs: number | undefined;
  readonly worker: string | undefined;
  /** Which run of replays put it back before it failed again. */
  readonly replayId: string | undefined;
  readonly editedAt: string | undefined;
  readonly bodySha256: string;
  readonly bytes: number;
  /** What is seen of its transaction, good or bad. */
  readonly glance: Glance;
}
