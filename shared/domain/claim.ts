import type { Outcome } from "./outcome.ts";

/** A score as it is kept for a returning user. */
export interface StoredScore {
  readonly riskScore: number;
  readonly ruleCodes: readonly string[];
  readonly traceId: string | null;
}

/** A transaction taken for work: a lease that nobody else holds while it lives. */
export interface Claim {
  readonly transactionId: string;
  /** Stands for the payer wherever a person would be a key. */
  readonly pseudonym: string;
  /** Digest of what makes two transactions with one id the same. */
  readonly digest: string;
  /** Proves the lease; fresh for each claim. */
  readonly token: string;
  /** API calls already made for this transaction, by anybody. */
  readonly calls: number;
  /** How often it was replayed. */
  readonly replays: number;
  /** Milliseconds until the next call may be made; 0 where none was made. */
  readonly nextCallInMs: number;
  /** When anybody first claimed it; Redis' clock, milliseconds since the epoch. */
  readonly firstTakenUpAtMs: number;
  /** Redis' clock at the claim, milliseconds since the epoch. */
  readonly nowMs: number;
  /** The returning user's score, where one is stored. */
  readonly score: StoredScore | undefined;
}

/** What a delivery says of the past of its transaction; only a replayed one says anything. */
export interface History {
  readonly calls: number;
  readonly replays: number;
  /** How the delivery came: a replay "fresh" or delivered "again", or no replay at all. */
  readonly replay: "fresh" | "again" | "none";
}

/** What claiming finds. */
export type ClaimReply =
  | { readonly kind: "claimed"; readonly claim: Claim }
  /** An outcome is stored: it is the answer, and no call is made. */
  | { readonly kind: "settled"; readonly outcome: Outcome }
  /** Somebody else works on it; the lease ends in so many milliseconds unless it is renewed. */
  | { readonly kind: "leased"; readonly remainingMs: number }
  /** The journal knows the id with other content. */
  | { readonly kind: "conflict"; readonly calls: number };

/** Whether a call may leave, as the journal sees it. */
export type SentReply =
  | { readonly kind: "recorded" }
  | { readonly kind: "settled"; readonly outcome: Outcome }
  /** The lease went to somebody else. */
  | { readonly kind: "lost" };

/** The outcome that stands (the first one stored), or the true number of calls where the outcome told another. */
export type StoreReply =
  | { readonly kind: "stored"; readonly outcome: Outcome; readonly wasFirst: boolean }
  | { readonly kind: "recount"; readonly calls: number };
