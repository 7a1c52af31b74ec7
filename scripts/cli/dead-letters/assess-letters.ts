import type { LetterInHand, LetterMessage } from "../../../shared/amqp/letters-in-hand.ts";
import type { Letter } from "../../../shared/domain/letters/letter.ts";
import { prospectOf, type Prospect, type ReplayTerms } from "../../../shared/domain/letters/prospect.ts";
import { isSmall } from "../../../shared/domain/scoring-policy.ts";
import type { Parsed } from "../../../shared/domain/parsed.ts";
import {
  LONGEST_TRANSACTION,
  parseTransaction,
  type Transaction,
} from "../../../shared/domain/transaction.ts";
import type { Settings } from "../../../shared/process/settings/read-settings.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import { deviceText, digestOf } from "../../../shared/redis/journal/digest.ts";
import { readPseudonymiser } from "../../../shared/redis/journal/pseudonym.ts";
import { readPasts, readScores, type JournalPast } from "../../../shared/redis/journal/read-past.ts";
import { readScoringPolicy } from "../../../shared/process/settings/read-scoring-policy.ts";
import { redisNow } from "../../../shared/redis/redis-now.ts";

type Payer = ReplayTerms["payer"];

/** A letter with all that is known of it. */
export interface AssessedLetter<T extends ReadLetter = ReadLetter> {
  readonly read: T;
  readonly letter: Letter;
  readonly transaction: Parsed<Transaction>;
  readonly past: JournalPast | undefined;
  readonly prospect: Prospect;
}

/** A letter as it was read from the queue. */
export interface ReadLetter {
  readonly letter: Letter;
  readonly message: LetterMessage;
}

/** One that is still in hand. */
export type HeldLetter = ReadLetter & Pick<LetterInHand, "remove">;

/** What letters are assessed by. */
export interface Assessment {
  readonly client: RedisClient;
  readonly settings: Settings<"installation" | "calls" | "policy" | "journal">;
  readonly freshCalls: boolean;
}

/** Finds out what would become of each letter if it were put back; one look at the journal for all of them. */
export async function assessLetters<T extends ReadLetter>(
  letters: readonly T[],
  assessment: Assessment,
): Promise<AssessedLetter<T>[]> {
  const { client, settings } = assessment;
  const parsed = letters.map((read) => ({ read, transaction: parseBody(read.message.content) }));
  const transactions = parsed.flatMap(({ transaction }) => (transaction.ok ? [transaction.value] : []));
  const ids = transactions.map(({ transactionId }) => transactionId);
  const pasts = await readPasts(client, settings.installation.namespace, ids);
  const payers = await payersOf(transactions, assessment);
  const nowMs = await redisNow(client);
  let at = 0;
  return parsed.map(({ read, transaction }) => {
    const index = transaction.ok ? at++ : -1;
    const past = pasts[index];
    const terms = termsOf(assessment, nowMs, payers[index]);
    const known = past && {
      ...past,
      isSameContent: transaction.ok && past.digest === digestOf(transaction.value),
    };
    return {
      read,
      letter: read.letter,
      transaction,
      past,
      prospect: prospectOf(read.letter, transaction, known, terms),
    };
  });
}

/** A longer body is not looked into; that it is too long is what the parser says of it. */
function parseBody(body: Buffer): Parsed<Transaction> {
  return parseTransaction(body.subarray(0, LONGEST_TRANSACTION + 1));
}

/** Scores matter only where small amounts are answered by them. */
async function payersOf(
  transactions: readonly Transaction[],
  { client, settings }: Assessment,
): Promise<readonly Payer[]> {
  const policy = readScoringPolicy(settings.policy);
  if (!transactions.some((transaction) => isSmall(transaction, policy))) return [];
  const { namespace } = settings.installation;
  const pseudonymise = await readPseudonymiser(client, namespace, settings.journal.pseudonymKey);
  const userIds = transactions.map(({ userId }) => userId);
  const scores = await readScores(client, namespace, pseudonymise, userIds);
  return transactions.map((transaction, index) => ({
    score: scores[index],
    device: () => pseudonymise(deviceText(transaction)),
  }));
}

function termsOf(
  { settings, freshCalls }: Assessment,
  nowMs: number,
  payer: Payer = { score: undefined, device: () => "" },
): ReplayTerms {
  const { policy, calls } = settings;
  return {
    scoringPolicy: readScoringPolicy(policy),
    retryPolicy: { retryLimit: calls.retryLimit, initialDelayMs: calls.retryInitialDelayMs },
    freshCalls,
    nowMs,
    payer,
  };
}
