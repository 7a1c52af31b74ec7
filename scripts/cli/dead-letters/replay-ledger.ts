import { inspectQueues } from "../../../shared/amqp/inspect-queues.ts";
import type { Settings } from "../../../shared/process/settings/read-settings.ts";
import { readLedgerOverview, type LedgerOverview } from "../../../shared/redis/ledger/ledger-overview.ts";
import { readCurrent } from "../../../shared/redis/journal/read-books.ts";
import { withBudgetHolds } from "../budget-holds.ts";
import { forecast } from "../forecast.ts";
import { formatHold } from "../format-hold.ts";
import type { LettersSession } from "./letters-session.ts";
import { whyNothingMoves } from "./replay-end.ts";

/** What a replay goes by. */
export type ReplaySettings = Settings<
  "installation" | "broker" | "redis" | "application" | "quota" | "calls" | "spending" | "policy" | "journal"
>;

/** The ledger, with what spent budgets hold: where they make fallbacks instead, nothing. */
export async function readLedger(
  { client, namespace }: LettersSession,
  { application, quota, spending }: ReplaySettings,
): Promise<LedgerOverview> {
  const ledger = await readLedgerOverview(client, application, quota.windows);
  if (spending.whenBudgetIsSpent === "fallback") return ledger;
  return withBudgetHolds(ledger, await readCurrent(client, namespace));
}

/** In words, why nothing that a replay put back is answered. */
export async function lookWhyNothingMoves(
  session: LettersSession,
  settings: ReplaySettings,
): Promise<string> {
  const { connection, names, signal } = session;
  const ledger = await readLedger(session, settings);
  const [lane] = await inspectQueues(await connection.open(signal), [names.lanes.replay]);
  return whyNothingMoves({
    held: whyHeld(ledger, settings.quota.limitStrikesPerDay),
    consumers: lane?.counts?.consumers ?? 0,
    quotaUsed: Math.max(...ledger.windows.map(({ used, effective }) => used / effective)),
  });
}

/** In words, why no call is made; undefined where calls are made. */
export function whyHeld(ledger: LedgerOverview, strikesPerDay: number): string | undefined {
  if (!forecast(0, ledger, strikesPerDay).isHeld) return undefined;
  const [hold] = [...ledger.holds, ...ledger.replicas.flatMap((replica) => replica.hold ?? [])];
  return hold === undefined ? "LIMIT_STRIKES_PER_DAY is reached" : `${hold.kind}, ${formatHold(hold)}`;
}
