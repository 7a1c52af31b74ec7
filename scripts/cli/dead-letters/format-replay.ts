import { formatInstant } from "../../../shared/domain/instant.ts";
import type { BatchOutcome } from "../../../shared/domain/letters/canary.ts";
import { formatQuota } from "../../../shared/domain/quota.ts";
import type { LedgerOverview } from "../../../shared/redis/ledger/ledger-overview.ts";
import type { ReplayOrder, ReplayRecord } from "../../../shared/redis/letters/replay-records.ts";
import { fitRows } from "../fit-rows.ts";
import { formatDuration } from "../format-duration.ts";
import { formatTable } from "../format-table.ts";
import { inGroups } from "../in-groups.ts";
import { describeRoom, roomJson, type BudgetRoom } from "./budget-room.ts";
import { priceOfPlan, sumOfHopeless, type ReplayPlan } from "./replay-plan.ts";

/** A plan, and what it goes by. */
export interface PricedPlan {
  readonly plan: ReplayPlan;
  readonly order: ReplayOrder;
  readonly ledger: LedgerOverview;
  readonly callPrice: number;
  /** What the budgets leave, where there is one. */
  readonly budget: BudgetRoom | undefined;
  /** Why calls stand still, where they do. */
  readonly held: string | undefined;
}

/** What a replay would do, for a person. */
export function formatPlan({ plan, order, ledger, callPrice, budget, held }: PricedPlan): string {
  const { cost, perSecond, durationMs } = priceOfPlan(plan, order, ledger, callPrice);
  const rate = perSecond.toLocaleString("en-US", { maximumSignificantDigits: 3 });
  return fitRows([
    [
      "selected",
      `${inGroups(plan.selected)} dead letters${plan.copies === 0 ? "" : `, and ${inGroups(plan.copies)} copies`}`,
    ],
    ["to be called", `${inGroups(plan.calls)}, 1 call each where the gateway answers`],
    ["without a call", inGroups(plan.withoutCall)],
    ["answered already", `${inGroups(plan.answered)}, not called again: the result is published again`],
    ["would fail again", hopelessText(plan, order)],
    ["calls", inGroups(plan.calls)],
    ["cost", `${cost} CNY`],
    ...(budget === undefined ? [] : [["budget", describeRoom(plan.calls, budget)] as const]),
    ["share", `${percent(order.share)} of ${formatQuota(ledger.windows)}: ${rate} calls/s`],
    ["takes", plan.calls === 0 ? "moments" : `about ${formatDuration(Math.max(1_000, durationMs))}`],
    ...(order.freshCalls
      ? [["fresh calls", "granted: the calls made so far do not count against the limit"] as const]
      : []),
    ...(held === undefined ? [] : [["calls are held", held] as const]),
  ]);
}

/** The same for programs. */
export function planJson({ plan, order, ledger, callPrice, budget, held }: PricedPlan) {
  const { cost, perSecond, durationMs } = priceOfPlan(plan, order, ledger, callPrice);
  return {
    ...plan,
    cost: { value: cost, currency: "CNY" },
    budget: budget === undefined ? null : roomJson(plan.calls, budget),
    share: order.share,
    callsPerSecond: Number(perSecond.toPrecision(3)),
    durationMs: Math.ceil(durationMs),
    freshCalls: order.freshCalls,
    held: held ?? null,
  };
}

function hopelessText(plan: ReplayPlan, { hopeless }: ReplayOrder): string {
  const sum = sumOfHopeless(plan);
  if (sum === 0) return "0";
  const kinds = Object.entries(plan.hopeless).filter(([, count]) => count > 0);
  const list = kinds.map(([why, count]) => `${inGroups(count)} ${why}`).join(", ");
  return `${inGroups(sum)} (${list}): ${hopeless ? "put back all the same" : "left where they are"}`;
}

/** What became of a batch, for a person. `replayed`: in all. */
export function formatBatch(
  { size, answered, fallbacks, failed }: BatchOutcome & { readonly size: number },
  replayed: number,
): string {
  const byPolicy = fallbacks === 0 ? "" : `${inGroups(fallbacks)} got a fallback, `;
  return `${inGroups(size)} put back: ${inGroups(answered)} answered, ${byPolicy}${inGroups(failed)} failed again (${inGroups(replayed)} in all)`;
}

/** How a replay went, or how far it is. */
export function formatRecord(
  { id, state, by, why, startedAt, order, counts }: ReplayRecord,
  left?: number,
): string {
  return fitRows([
    ["replay", id],
    ["state", state],
    ["began", `${formatInstant(startedAt)} by ${by}${why === "" ? "" : `: ${why}`}`],
    ["share", percent(order.share)],
    ["put back", inGroups(counts.replayed)],
    ["answered", inGroups(counts.answered)],
    ["got a fallback", inGroups(counts.fallbacks)],
    ["failed again", inGroups(counts.failed)],
    ["published again", inGroups(counts.republished)],
    ["copies removed", inGroups(counts.copies)],
    ["calls", inGroups(counts.calls)],
    ...(left === undefined ? [] : [["left", inGroups(left)] as const]),
  ]);
}

/** A replay for `--json`: its start as an instant instead of milliseconds. */
export function recordJson({ startedAt, ...record }: ReplayRecord) {
  return { ...record, startedAt: formatInstant(startedAt) };
}

/** Replays for a person, newest first. */
export function formatRecords(records: readonly ReplayRecord[]): string {
  if (records.length === 0) return "no replays\n";
  return formatTable(
    ["replay", "state", "began", "by", ">put back", ">answered", ">fallback", ">failed", ">calls"],
    records.map(({ id, state, startedAt, by, counts }) => [
      id,
      state,
      formatInstant(startedAt),
      by,
      inGroups(counts.replayed),
      inGroups(counts.answered),
      inGroups(counts.fallbacks),
      inGroups(counts.failed),
      inGroups(counts.calls),
    ]),
  );
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(4))} %`;
