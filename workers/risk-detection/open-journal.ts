import { leaseNeed } from "../../shared/domain/scoring-policy.ts";
import { flightRoles } from "../../shared/domain/single-flight.ts";
import type { RedisClient } from "../../shared/redis/connection.ts";
import { Journal } from "../../shared/redis/journal/journal.ts";
import { ledgerKeys } from "../../shared/redis/ledger/ledger-keys.ts";
import { FRESH_FOR_MS } from "../../shared/redis/ledger/ledger-rules.ts";
import { PatientJournal } from "../../shared/redis/journal/patient-journal.ts";
import { persist } from "../../shared/redis/persist.ts";
import { openPseudonyms, type Pseudonyms } from "../../shared/redis/journal/pseudonym.ts";
import { budgetsOf, ledgerOf, scoringPolicyOf } from "./worker-settings.ts";
import type { Worker } from "./worker.ts";

/** An answer is stored as soon as it is there; Redis may be slow. */
const STORED_WITHIN_MS = 1_000;

/** The journal, and what its persons are kept under. */
interface OpenJournal {
  readonly journal: PatientJournal;
  readonly pseudonyms: Pseudonyms;
}

/** What remembers transactions, calls and outcomes. Waits for the key that persons are kept under. */
export async function openJournal(redis: RedisClient, worker: Worker): Promise<OpenJournal> {
  const { settings, shutdown, observers } = worker;
  const { namespace } = settings.installation;
  const pseudonyms = await persist(() => openPseudonyms(redis, namespace, settings.journal.pseudonymKey), {
    ...observers.redis,
    signal: shutdown.soft,
  });
  const { cacheTtlSeconds } = settings.policy;
  const policy = scoringPolicyOf(settings);
  const { priceTenThousandths: callPrice, timeoutMs } = settings.calls;
  const journal = new Journal(
    redis,
    {
      namespace,
      ledgerKeys: ledgerKeys(ledgerOf(settings)),
      ...settings.journal,
      cacheTtlSeconds,
      callPrice,
      longestCallMs: FRESH_FOR_MS + timeoutMs + STORED_WITHIN_MS,
      flightRole: flightRoles(policy, cacheTtlSeconds > 0),
      leaseNeed: (transaction) => leaseNeed(transaction, policy),
      budgets: budgetsOf(settings),
      ...observers.spending,
    },
    pseudonyms.pseudonymise,
  );
  shutdown.register("journal", () => journal.close());
  const patient = new PatientJournal(journal, { ...observers.redis, lastMoment: shutdown.hard });
  return { journal: patient, pseudonyms };
}
