import { readCurrent } from "../../../shared/redis/journal/read-books.ts";
import type { ReplayOrder } from "../../../shared/redis/letters/replay-records.ts";
import type { Assessment } from "./assess-letters.ts";
import { budgetRoom } from "./budget-room.ts";
import type { PricedPlan } from "./format-replay.ts";
import type { LettersSession } from "./letters-session.ts";
import { readLedger, whyHeld, type ReplaySettings } from "./replay-ledger.ts";
import { planReplay } from "./replay-plan.ts";

/** Counts what a replay would do, and what it would cost. */
export async function pricePlan(
  { session, settings }: { readonly session: LettersSession; readonly settings: ReplaySettings },
  order: ReplayOrder,
): Promise<PricedPlan> {
  const plan = await planReplay(session, order, assessmentOf(session, settings, order));
  const ledger = await readLedger(session, settings);
  const books = await readCurrent(session.client, session.namespace);
  const callPrice = settings.calls.priceTenThousandths;
  return {
    plan,
    order,
    ledger,
    callPrice,
    budget: budgetRoom(books, settings.spending, callPrice),
    held: whyHeld(ledger, settings.quota.limitStrikesPerDay),
  };
}

/** How letters are judged that a replay of this order would put back. */
export const assessmentOf = (
  session: LettersSession,
  settings: ReplaySettings,
  order: ReplayOrder,
): Assessment => ({
  client: session.client,
  settings,
  freshCalls: order.freshCalls,
});
