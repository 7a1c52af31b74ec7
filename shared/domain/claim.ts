import type { Period } from "./alipay-calendar.ts";
import type { Delivery } from "./delivery.ts";
import type { Outcome } from "./outcome.ts";
import type { ScoredPayment } from "./payer-change.ts";
import type { RiskResult } from "./risk-result.ts";

/** What the gateway said of a transaction. */
export interface Score {
  readonly riskScore: number;
  readonly ruleCodes: readonly string[];
  readonly traceId: string | null;
}

/** A score as it is kept for a returning user. */
export interface StoredScore extends Score {
  /** What it was given for, where a rule compares it with the payer's next payment. */
  readonly payment?: ScoredPayment;
}

/** A transaction taken for work. */
export interface Claim {
  readonly transactionId: string;
  /** Stands for the payer wherever a person would be a key. */
  readonly pseudonym: string;
  /** Gives what stands for the payer's device; the same device of another payer is told apart. Most have no use for it. */
  readonly device: () => string;
  /** Whose account it goes to in the books. */
  readonly merchantId: string | undefined;
  /** Digest of what makes two transactions with one id the same. */
  readonly digest: string;
  /** Fresh for each claim; proves the lease, where there is one. */
  readonly token: string;
  /** Whether nobody else works on it while this lives. A call needs that; an answer that needs no call does not. */
  readonly isLeased: boolean;
  /** API calls already made for this transaction, by anybody. */
  readonly calls: number;
  /** Those of them that no longer count against the limit: an operator granted a fresh budget after them. */
  readonly forgiven: number;
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
  /** The fallback that stands, where this is work for the true score. */
  readonly standing?: RiskResult;
}

/** What it takes to store an outcome: who has the lease does not matter. */
export type StoringClaim = Pick<
  Claim,
  "transactionId" | "pseudonym" | "merchantId" | "digest" | "token" | "replays"
>;

/** What a delivery says of the past of its transaction: only a replayed or a waiting one says anything. */
export interface History {
  readonly calls: number;
  /** How often it was replayed before this delivery. */
  readonly replays: number;
  /** How a replay came: "fresh", delivered "again", or after it "waited"; or that it is none. */
  readonly replay: "fresh" | "again" | "waited" | "none";
  /** Whether a fallback that stands is to be upgraded, and is no end. */
  readonly isUpgrade?: boolean;
  /** Which dead letter a replay puts back, where it says so: the same one is not put back twice. */
  readonly instance?: string | undefined;
  /** Calls that an operator forgave when it was put back. */
  readonly forgiven?: number;
  /** Whether it is known by now that a claim without a lease will not do. */
  readonly needsLease?: boolean;
}

/** What this one says. */
export function historyOf(delivery: Delivery): History {
  const { calls, replays, lane, deliveryCount, instance, forgiven } = delivery;
  if (replays === undefined) return { calls, replays: 0, replay: "none" };
  const letter = instance === undefined ? {} : { instance, forgiven: forgiven ?? 0 };
  if (lane === "waiting") return { calls, replays, replay: "waited", ...letter };
  return { calls, replays, replay: deliveryCount === 0 ? "fresh" : "again", ...letter };
}

/** What is known after a claim that did not do, for the next one: nothing is reopened a second time. */
export const historyAfter = (history: History, claim: Claim, calls: number): History => ({
  ...history,
  calls: Math.max(history.calls, calls),
  replays: Math.max(history.replays, claim.replays),
  replay: "none",
  forgiven: claim.forgiven,
  needsLease: true,
});

/** What claiming finds. */
export type ClaimReply =
  | { readonly kind: "claimed"; readonly claim: Claim }
  /** An outcome is stored: it is the answer, and no call is made. */
  | { readonly kind: "settled"; readonly outcome: Outcome }
  /**
   * Somebody else works on it; the lease ends in so many milliseconds unless it is renewed. What is known of it is
   * told as a claim whose token holds nothing: enough to store an outcome with.
   */
  | { readonly kind: "leased"; readonly remainingMs: number; readonly known: Claim }
  /** Another transaction of the payer is about to bring the score that answers this one, too; the rest is as above. */
  | { readonly kind: "following"; readonly remainingMs: number; readonly known: Claim }
  /** The journal knows the id with other content. */
  | { readonly kind: "conflict"; readonly calls: number };

/** Somebody else has the claim, or the payer's flight. */
export type TakenReply = Extract<ClaimReply, { kind: "leased" | "following" }>;

/** Whether a call may leave, as the journal sees it. */
export type SentReply =
  | { readonly kind: "recorded" }
  /** A limit answer, or a hold, came since it was permitted: it needs another permit. */
  | { readonly kind: "withdrawn" }
  /** The budget of this day or month has no room for its price; another one begins in so many milliseconds. */
  | { readonly kind: "unaffordable"; readonly period: Period; readonly remainingMs: number }
  | { readonly kind: "settled"; readonly outcome: Outcome }
  /** The lease went to somebody else. */
  | { readonly kind: "lost" };

/** What storing an outcome comes to. */
export type StoreReply =
  /** The outcome that stands: the first one stored. */
  | { readonly kind: "stored"; readonly outcome: Outcome }
  /** The true number of calls, where the outcome told another. */
  | { readonly kind: "recount"; readonly calls: number }
  /** A repaired dead letter was replayed meanwhile: the journal knows the id with other content. */
  | { readonly kind: "conflict"; readonly calls: number };
