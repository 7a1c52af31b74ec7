import {
  historyAfter,
  historyOf,
  type Claim,
  type ClaimReply,
  type History,
  type TakenReply,
} from "../../shared/domain/claim.ts";
import { hasWaited, IN_HAND_MS, type Delivery, type Hand } from "../../shared/domain/delivery.ts";
import type { Disposition } from "../../shared/domain/disposition.ts";
import { answerWithoutCall, lateness } from "../../shared/domain/scoring-policy.ts";
import type { Scoring } from "../../shared/domain/scoring.ts";
import { parseTransaction, type Transaction } from "../../shared/domain/transaction.ts";
import { conflicting, countsOf, malformed, poisoned } from "../../shared/domain/unstored-letter.ts";
import { isStillWanted, upgradeOf } from "../../shared/domain/upgrade.ts";
import { urgencyOf, type Urgency } from "../../shared/domain/urgency.ts";
import { createConclusion, type ConclusionOptions, type Work } from "./conclude-transaction.ts";

/** What the handler needs besides what its last steps do. */
export interface HandlerOptions extends ConclusionOptions {
  readonly journal: ConclusionOptions["journal"] & { newToken(): string };
  /** Claims, and waits where somebody else has it first. "leased" or "following": there is no more time to wait. */
  readonly claim: (
    transaction: Transaction,
    token: string,
    history: History,
    urgency: Urgency,
    hand: Hand,
  ) => Promise<ClaimReply>;
  readonly score: (transaction: Transaction, claim: Claim, urgency: Urgency, hand: Hand) => Promise<Scoring>;
  /** Takes what goes on when the delivery is settled; it never rejects. */
  readonly afterwards: (work: Promise<void>) => void;
}

/** A call is needed, and the claim has no lease. */
interface Unleased {
  readonly kind: "unleased";
  readonly calls: number;
}

/** Builds the handler of one delivery: what it returns is what becomes of it. */
export function createHandler(options: HandlerOptions) {
  const { conclude, letStand, settle, refuse } = createConclusion(options);

  return async function handleTransaction(delivery: Delivery, signal: AbortSignal): Promise<Disposition> {
    const takenAtMs = performance.now();
    const hand = { signal, untilMs: takenAtMs + IN_HAND_MS };
    let transactionId: string | undefined;
    try {
      const parsing = await options.pass("parsing", delivery, hand, () => parseTransaction(delivery.body));
      if (parsing.kind === "poisoned") return refuse(poisoned(parsing.deaths, countsOf(delivery)));
      const transaction = parsing.value;
      if (!transaction.ok) return refuse(malformed(transaction.problem, countsOf(delivery)));
      ({ transactionId } = transaction.value);
      const isUpgrade = delivery.isUpgrade === true && options.upgradesLate;
      const asked = isUpgrade
        ? upgradeOf(transaction.value, takenAtMs)
        : { transaction: transaction.value, urgency: urgencyOf(delivery, takenAtMs) };
      return await perform({ ...asked, delivery, hand, isUpgrade });
    } catch (error) {
      if (!signal.aborted) throw error;
      return {
        action: "give-back",
        cause: "shutdown",
        ...(transactionId === undefined ? {} : { transactionId }),
      };
    }
  };

  async function perform(work: Work): Promise<Disposition> {
    const { transaction, delivery, urgency, hand } = work;
    const { transactionId } = transaction;
    const token = options.journal.newToken();
    let history: History = { ...historyOf(delivery), ...(work.isUpgrade ? { isUpgrade: true } : {}) };
    for (;;) {
      const reply = await options.claim(transaction, token, history, urgency, hand);
      if (reply.kind === "conflict") {
        const counts = { ...countsOf(delivery), attempts: reply.calls };
        return refuse(conflicting(counts), transactionId);
      }
      if (reply.kind === "settled") return settle(reply.outcome, work);
      if (reply.kind !== "claimed") return concludeWithoutLease(reply, work);

      const { claim } = reply;
      if (claim.standing !== undefined && !isStillWanted(claim.standing, claim.nowMs)) {
        return letStand(claim.standing, claim, work);
      }
      let scoring: Scoring | Unleased;
      try {
        scoring = await gather(claim, work);
        if (scoring.kind === "settled") return settle(scoring.outcome, work);
        if (scoring.kind === "evidence") {
          const disposition = await conclude(scoring.evidence, scoring.calls, claim, work);
          if (scoring.tooLate !== undefined) options.afterwards(keepTooLate(scoring.tooLate, claim, work));
          return disposition;
        }
      } catch (error) {
        await options.journal.release(claim);
        throw error;
      }
      // The lease is missing or somebody else's, or the journal was lost: what is known here goes into the next claim.
      history = historyAfter(history, claim, scoring.calls);
    }
  }

  /** Somebody else had it, or the payer's flight, for too long: for the payer, or for this delivery. */
  function concludeWithoutLease({ kind, known }: TakenReply, work: Work): Promise<Disposition> {
    const { transaction, delivery } = work;
    const late = lateness(transaction, known, hasWaited(delivery));
    return conclude(late ?? { kind: "held", cause: kind }, known.calls, known, work);
  }

  /** Not async: most transactions need no call, and so nothing to wait for. */
  function gather(
    claim: Claim,
    { transaction, delivery, urgency, hand }: Work,
  ): Scoring | Unleased | Promise<Scoring> {
    const evidence = answerWithoutCall(transaction, claim, hasWaited(delivery), options.scoringPolicy);
    if (evidence !== undefined) return { kind: "evidence", evidence, calls: claim.calls };
    if (!claim.isLeased) return { kind: "unleased", calls: claim.calls };
    return options.score(transaction, claim, urgency, hand);
  }

  /** An answer that came after the fallback was paid for: it is the true score. Best effort; never rejects. */
  async function keepTooLate(coming: Promise<Scoring>, claim: Claim, work: Work): Promise<void> {
    if (!options.upgradesLate) return;
    try {
      const scoring = await coming;
      if (scoring.kind !== "evidence" || scoring.evidence.kind !== "scored") return;
      await conclude(scoring.evidence, scoring.calls, claim, { ...work, isUpgrade: true });
    } catch {
      // It is called again, with what calls are left.
    }
  }
}
