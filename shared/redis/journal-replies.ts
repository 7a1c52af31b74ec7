import { z } from "zod";
import type { Claim, ClaimReply } from "../domain/claim.ts";
import type { RiskResult } from "../domain/risk-result.ts";
import { readOutcome } from "./read-outcome.ts";
import { readScore } from "./read-score.ts";

/** Of claim.lua. The usual reply first: one that does not fit costs more than one that does. */
const claimReplySchema = z.union([
  z.tuple([
    z.literal("claimed"),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.string().nullable(),
    z.string().nullable(),
    z.number(),
    z.literal([0, 1]),
  ]),
  z.tuple([z.literal("settled"), z.string(), z.string()]),
  z.tuple([
    z.enum(["leased", "following"]),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
    z.number(),
  ]),
  z.tuple([z.literal("conflict"), z.number()]),
]);

/** Of a claim, what its transaction says. */
type Names = Pick<Claim, "transactionId" | "pseudonym" | "device" | "merchantId" | "digest" | "token">;

/** What claim.lua says of the transaction with these names. @throws ZodError, SyntaxError where no version of ours wrote it */
export function readClaimReply(said: unknown, names: Names): ClaimReply {
  const reply = claimReplySchema.parse(said);
  switch (reply[0]) {
    case "conflict":
      return { kind: "conflict", calls: reply[1] };
    case "settled":
      return { kind: "settled", outcome: readOutcome(reply[1], reply[2]) };
    case "leased":
    case "following": {
      const [kind, remainingMs, calls, replays, firstTakenUpAtMs, nowMs, forgiven] = reply;
      const counts = { calls, forgiven, replays, nextCallInMs: remainingMs, firstTakenUpAtMs, nowMs };
      return { kind, remainingMs, known: { ...names, ...counts, score: undefined, isLeased: false } };
    }
    case "claimed": {
      const [, calls, replays, nextCallInMs, firstTakenUpAtMs, nowMs, score, standing, forgiven, lease] =
        reply;
      const counts = { calls, forgiven, replays, nextCallInMs, firstTakenUpAtMs, nowMs };
      const claim = { ...names, ...counts, score: readScore(score), isLeased: lease === 1 };
      return {
        kind: "claimed",
        claim: standing === null ? claim : { ...claim, standing: readFallback(standing) },
      };
    }
  }
}

function readFallback(json: string): RiskResult {
  const outcome = readOutcome("result", json);
  if (outcome.kind !== "result") throw new Error("no result is stored");
  return outcome.result;
}

/** Of sent.lua. */
export const sentReplySchema = z.union([
  z.tuple([z.literal("recorded"), z.number(), z.number(), z.number()]),
  z.tuple([z.literal("unaffordable"), z.enum(["day", "month"]), z.number(), z.number(), z.number()]),
  z.tuple([z.literal("withdrawn")]),
  z.tuple([z.literal("lost")]),
  z.tuple([z.literal("settled"), z.string(), z.string()]),
]);

/** Of store.lua. */
export const storeReplySchema = z.union([
  z.tuple([z.literal("stored")]),
  z.tuple([z.literal("recount"), z.number()]),
  z.tuple([z.literal("conflict"), z.number()]),
  z.tuple([z.literal("settled"), z.string(), z.string()]),
]);
