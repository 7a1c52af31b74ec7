import type { StoredScore } from "../claim.ts";
import type { Parsed } from "../parsed.ts";
import { callLimit, countedCalls, type RetryPolicy } from "../retry-policy.ts";
import { answerWithoutCall, type ScoringPolicy } from "../scoring-policy.ts";
import type { Transaction } from "../transaction.ts";
import type { Letter } from "./letter.ts";

/** What the journal knows of a letter's transaction. */
export interface Past {
  /** How it ended; undefined where it has no outcome: never taken up, or worked on. */
  readonly kind: "result" | "dead-letter" | undefined;
  /** Whether its content is the letter's. */
  readonly isSameContent: boolean;
  readonly calls: number;
  readonly forgiven: number;
  readonly replays: number;
  /** The letters of it that were put back. */
  readonly instances: readonly string[];
  /** When it was first taken up. Unknown of a result that was answered without a lease, unless that is a fallback. */
  readonly firstAtMs: number | undefined;
}

/** What a replay goes by, besides the letter. */
export interface ReplayTerms {
  readonly scoringPolicy: ScoringPolicy;
  readonly retryPolicy: RetryPolicy;
  /** The calls made so far no longer count. */
  readonly freshCalls: boolean;
  /** Redis' clock. */
  readonly nowMs: number;
  /** The payer's score, where one is stored, and what stands for the device. */
  readonly payer: { readonly score: StoredScore | undefined; readonly device: () => string };
}

/** Why a letter would come back as it is. */
export type Hopeless = "malformed" | "unsupported-rail" | "conflict" | "expired" | "attempts-exhausted";

/** What would become of a dead letter that is put back. */
export type Prospect =
  /** The API is asked: once where it answers. */
  | { readonly kind: "call"; readonly callsLeft: number }
  /** It needs no call: the amount is small. */
  | { readonly kind: "no-call" }
  /** Its transaction has a result: that is published again, and nothing is called. */
  | { readonly kind: "answered" }
  /** It was put back before, and its transaction has, or will have, another outcome: it can go. */
  | { readonly kind: "copy" }
  /** It would come back as it is. */
  | { readonly kind: "hopeless"; readonly why: Hopeless; readonly detail: string };

/** Pure: the same letter, past and terms are the same prospect. It is what claim.lua and the worker come to. */
export function prospectOf(
  letter: Pick<Letter, "instance" | "attempts" | "replays">,
  transaction: Parsed<Transaction>,
  past: Past | undefined,
  terms: ReplayTerms,
): Prospect {
  if (!transaction.ok) return hopeless("malformed", transaction.problem);
  if (past !== undefined) {
    const settled = settledBy(past, letter);
    if (settled !== undefined) return settled;
  }
  const calls = Math.max(letter.attempts, past?.calls ?? 0);
  const evidence = answerWithoutCall(transaction.value, claimOf(past, terms), false, terms.scoringPolicy);
  switch (evidence?.kind) {
    case "unsupported-rail":
      return hopeless("unsupported-rail", "rail: only alipay can be scored here");
    case "expired":
    case "overdue":
      return hopeless("expired", "decideBy: is past, an answer is of no use to the payer");
    case "scored":
    case "below-threshold":
      return { kind: "no-call" };
    case undefined:
      return callsLeft(calls, past, terms);
  }
}

function settledBy(past: Past, letter: Pick<Letter, "instance" | "replays">): Prospect | undefined {
  if (past.instances.includes(letter.instance)) return { kind: "copy" };
  if (!past.isSameContent) {
    if (past.kind === "dead-letter") return undefined; // its content is not binding
    return hopeless("conflict", "transactionId: already used by a transaction with other content");
  }
  if (past.kind === "result") return { kind: "answered" };
  // Its transaction failed again since: that is another letter.
  const isOutdated = past.kind !== undefined && letter.replays !== undefined && letter.replays < past.replays;
  return isOutdated ? { kind: "copy" } : undefined;
}

/** The calls that are left; those that an operator forgives are left again. */
function callsLeft(
  calls: number,
  past: Past | undefined,
  { freshCalls, retryPolicy }: ReplayTerms,
): Prospect {
  const forgiven = freshCalls ? calls : (past?.forgiven ?? 0);
  const left = callLimit(retryPolicy) - countedCalls(calls, forgiven);
  if (left > 0) return { kind: "call", callsLeft: left };
  return hopeless("attempts-exhausted", `all ${calls} calls were made (--fresh-calls grants new ones)`);
}

/** As far as answering without a call looks at a claim. */
function claimOf(past: Past | undefined, { nowMs, payer }: ReplayTerms) {
  return { firstTakenUpAtMs: past?.firstAtMs ?? nowMs, nowMs, ...payer };
}

const hopeless = (why: Hopeless, detail: string): Prospect => ({ kind: "hopeless", why, detail });
