import { onTestFinished } from "vitest";
import type { Claim, ClaimReply, History } from "../../shared/domain/claim.ts";
import { Journal, type JournalSettings } from "../../shared/redis/journal/journal.ts";
import type { Pseudonymise } from "../../shared/redis/journal/pseudonym.ts";
import type { TestRedis } from "./test-redis.ts";

/** Of a delivery that says nothing of its past. */
export const NO_HISTORY: History = { calls: 0, replays: 0, replay: "none" };

/** A journal where nobody follows anybody and nothing is too dear, with some of that changed; closed when the test ends. */
export function testJournal(
  { redis, namespace }: TestRedis,
  changes: Partial<JournalSettings> = {},
  pseudonymise: Pseudonymise = (userId) => userId,
): Journal {
  const settings: JournalSettings = {
    namespace,
    ledgerKeys: ledgerKeysOf(namespace),
    journalTtlSeconds: 1_000,
    resultTtlSeconds: 100,
    cacheTtlSeconds: 300,
    callPrice: 200,
    longestCallMs: 3_000,
    flightRole: () => "apart",
    leaseNeed: () => "always",
    budgets: { day: undefined, month: undefined },
    ...changes,
  };
  const journal = new Journal(redis, settings, pseudonymise);
  onTestFinished(() => journal.close());
  return journal;
}

/** Where it looks for what stops calls. */
export const ledgerKeysOf = (namespace: string): JournalSettings["ledgerKeys"] => ({
  state: `${namespace}:ledger`,
  freeze: `${namespace}:freeze`,
  permission: `${namespace}:permission`,
});

/** The claim, which nobody else may have. */
export function claimed(reply: ClaimReply): Claim {
  if (reply.kind !== "claimed") throw new Error(`not claimed but ${reply.kind}`);
  return reply.claim;
}
