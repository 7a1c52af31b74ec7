import { setTimeout as sleep } from "node:timers/promises";
import type { ClaimReply, History } from "../../shared/domain/claim.ts";
import { dueInMs } from "../../shared/domain/deadline.ts";
import type { Hand } from "../../shared/domain/delivery.ts";
import type { Transaction } from "../../shared/domain/transaction.ts";
import type { HandlerOptions } from "./handle-transaction.ts";

/** Claims, or says who else has it. */
type Claim = (transaction: Transaction, token: string, history: History, hand: Hand) => Promise<ClaimReply>;

/** Nobody else's work is held up by who follows a payer's call: a burst of one payer must not fill a lane. */
const FOLLOWS_ON_LANE_MS = 5_000;
/** While somebody else works on the same transaction, or on the payer's score, it is looked for this often. */
const LOOK_AGAIN_MS = { first: 25, longest: 1_000 };

/**
 * Claims, or waits in hand while somebody else holds the claim, or is about to bring the payer's score: for what they
 * bring, for their lease's end, or until there is no more time.
 */
export function claimInTurn(claim: Claim): HandlerOptions["claim"] {
  return async (transaction, token, history, urgency, hand) => {
    const followsUntilMs = urgency.leavesWhenHeld
      ? performance.now() + FOLLOWS_ON_LANE_MS
      : urgency.waitsUntilMs;
    let { calls } = history;
    for (let pauseMs = LOOK_AGAIN_MS.first; ; pauseMs = Math.min(pauseMs * 1.5, LOOK_AGAIN_MS.longest)) {
      const reply = await claim(transaction, token, { ...history, calls }, hand);
      if (reply.kind !== "leased" && reply.kind !== "following") return reply;
      calls = reply.known.calls; // should the journal be lost before the next look
      const staysUntilMs = reply.kind === "following" ? followsUntilMs : urgency.waitsUntilMs;
      const leftMs = Math.min(
        staysUntilMs - performance.now(),
        dueInMs(transaction, reply.known) ?? Infinity,
      );
      if (leftMs <= 0) return reply;
      // A thousand who follow one call must not look all at once.
      const jitteredMs = pauseMs * (0.5 + Math.random() / 2);
      await sleep(Math.min(jitteredMs, reply.remainingMs + 1, leftMs), undefined, { signal: hand.signal });
    }
  };
}
