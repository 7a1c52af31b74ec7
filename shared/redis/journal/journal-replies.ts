import type { Period } from "../../domain/alipay-calendar.ts";
import { PERIODS, type Spent } from "../../domain/budget.ts";
import type { Claim, ClaimReply } from "../../domain/claim.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { RiskResult } from "../../domain/risk-result.ts";
import { readOutcome } from "./read-outcome.ts";
import { readScore } from "./read-score.ts";
import { ScriptReply } from "../script-reply.ts";

/** Of a claim, what its transaction says. */
type Names = Pick<Claim, "transactionId" | "pseudonym" | "device" | "merchantId" | "digest" | "token">;

/** What claim.lua says of the transaction with these names. @throws ZodError, UnreadableReplyError where no version of ours wrote it */
export function readClaimReply(said: unknown, names: Names): ClaimReply {
  const reply = new ScriptReply(said);
  switch (reply.kind) {
    case "new": {
      const score = readScore(reply.textOrNull(2));
      const nowMs = reply.number(1);
      return {
        kind: "claimed",
        claim: { ...names, ...NOTHING_KNOWN, firstTakenUpAtMs: nowMs, nowMs, score, isLeased: false },
      };
    }
    case "claimed": {
      const score = readScore(reply.textOrNull(7));
      const claim = { ...names, ...countsIn(reply), score, isLeased: true };
      const standing = reply.textOrNull(8);
      return {
        kind: "claimed",
        claim: standing === null ? claim : { ...claim, standing: readFallback(standing) },
      };
    }
    case "leased":
    case "following": {
      const known = { ...names, ...countsIn(reply), score: undefined, isLeased: false };
      return { kind: reply.kind, remainingMs: known.nextCallInMs, known };
    }
    case "settled":
      return { kind: "settled", outcome: outcomeIn(reply) };
    case "conflict":
      return { kind: "conflict", calls: reply.number(1) };
    default:
      throw reply.unknown();
  }
}

/** Of a transaction that is new. */
const NOTHING_KNOWN = { nextCallInMs: 0, calls: 0, replays: 0, forgiven: 0 };

/** The same in each reply of claim.lua that tells of a transaction that is not settled. */
function countsIn(reply: ScriptReply) {
  return {
    nextCallInMs: reply.number(1),
    calls: reply.number(2),
    replays: reply.number(3),
    firstTakenUpAtMs: reply.number(4),
    nowMs: reply.number(5),
    forgiven: reply.number(6),
  };
}

function readFallback(json: string): RiskResult {
  const outcome = readOutcome("result", json);
  if (outcome.kind !== "result") throw new Error("no result is stored");
  return outcome.result;
}

const outcomeIn = (reply: ScriptReply): Outcome => readOutcome(reply.text(1), reply.text(2));

/** What came of recording a call. */
type RecordReply =
  | ({ readonly kind: "recorded" } & Spent)
  | ({ readonly kind: "unaffordable"; readonly period: Period } & Spent)
  | { readonly kind: "withdrawn" | "lost" }
  | { readonly kind: "settled"; readonly outcome: Outcome };

/** What sent.lua says. @throws ZodError, UnreadableReplyError */
export function readSentReply(said: unknown): RecordReply {
  const reply = new ScriptReply(said);
  switch (reply.kind) {
    case "recorded":
      return { kind: "recorded", ...spentIn(reply) };
    case "unaffordable":
      return { kind: "unaffordable", ...spentIn(reply), period: periodIn(reply) };
    case "withdrawn":
    case "lost":
      return { kind: reply.kind };
    case "settled":
      return { kind: "settled", outcome: outcomeIn(reply) };
    default:
      throw reply.unknown();
  }
}

const spentIn = (reply: ScriptReply): Spent => ({
  nowMs: reply.number(1),
  day: reply.number(2),
  month: reply.number(3),
});

function periodIn(reply: ScriptReply): Period {
  const period = PERIODS.find((known) => known === reply.text(4));
  if (period === undefined) throw reply.unknown();
  return period;
}

/** What came of storing an outcome. */
type StoringReply =
  | { readonly kind: "stored" }
  | { readonly kind: "recount" | "conflict"; readonly calls: number }
  /** Another outcome stands. */
  | { readonly kind: "settled"; readonly outcome: Outcome };

/** What store.lua says. @throws ZodError, UnreadableReplyError */
export function readStoreReply(said: unknown): StoringReply {
  const reply = new ScriptReply(said);
  switch (reply.kind) {
    case "stored":
      return { kind: "stored" };
    case "recount":
    case "conflict":
      return { kind: reply.kind, calls: reply.number(1) };
    case "settled":
      return { kind: "settled", outcome: outcomeIn(reply) };
    default:
      throw reply.unknown();
  }
}
