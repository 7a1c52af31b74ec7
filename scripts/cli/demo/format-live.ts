import { formatPrice } from "../../../shared/domain/money.ts";
import { formatQuota, type QuotaWindow } from "../../../shared/domain/quota.ts";
import { fitCompactRows } from "../fit-rows.ts";
import { inGroups } from "../in-groups.ts";
import { byVerdict, largestFirst, listCounts, retriesOf, sumOf } from "./count-outcomes.ts";
import type { LiveView } from "./live-view.ts";

type Row = readonly [name: string, value: string];

const LONGEST_BAR = 40;
const SHORTEST_BAR = 5;
const NAME_WIDTH = "published ".length;

/** The view as lines that fit a terminal's width. */
export function formatLive(view: LiveView, columns: number): string {
  const { rows, balance } = view;
  const bars = [
    formatBar("published", balance.published, rows, columns),
    formatBar("settled", balance.settled, rows, columns),
  ];
  return `${bars.join("")}${fitCompactRows(rowsOf(view), columns)}`;
}

function formatBar(name: string, done: number, rows: number, columns: number): string {
  const count = `${inGroups(done).padStart(inGroups(rows).length)} of ${inGroups(rows)}`;
  const size = Math.min(LONGEST_BAR, columns - NAME_WIDTH - count.length - 2);
  const filled = Math.round(Math.min(1, done / rows) * size);
  const bar = size < SHORTEST_BAR ? "" : `${"█".repeat(filled)}${"░".repeat(size - filled)} `;
  return `${name.padEnd(NAME_WIDTH)}${bar}${count}\n`;
}

function rowsOf(view: LiveView): Row[] {
  const { balance, gateway } = view;
  const deadLetters = largestFirst(balance.deadLetters);
  const dead = sumOf(deadLetters);
  return [
    ["verdicts", listCounts(byVerdict(balance.results))],
    ["dead", dead === 0 ? "none" : `${inGroups(dead)}: ${listCounts(deadLetters)}`],
    ["waiting", waitingText(view)],
    ["calls", `${inGroups(gateway.calls.wellSigned)}, ${inGroups(retriesOf(gateway))} of them retries`],
    ...quotaRows(view),
    ["spent", view.spend === undefined ? "unknown" : `${formatPrice(view.spend.tenThousandths)} CNY`],
    ...(view.ledger?.holds ?? []).map(({ kind, code }): Row => ["held", `${kind}: ${code}`]),
  ];
}

/** What is neither queued nor settled is in the workers' hands. */
function waitingText({ balance, queued, ledger }: LiveView): string {
  if (queued === undefined) return "unknown";
  const inHand = Math.max(0, balance.published - balance.settled - queued);
  const underWay = ledger === undefined ? "" : `, calls under way ${ledger.callsUnderWay}`;
  return `queued ${inGroups(queued)}, in hand ${inGroups(inHand)}${underWay}`;
}

function quotaRows({ ledger, gateway }: LiveView): Row[] {
  if (ledger === undefined) return [["quota", "unknown"]];
  const used = ledger.windows.map(
    (window) => `${inGroups(window.used)} of ${inGroups(window.calls)} in ${lengthOf(window)}`,
  );
  return [
    ["quota", used.join(", ")],
    ["busiest", busiestText(gateway.quota[0])],
  ];
}

/** "1s" */
const lengthOf = (window: QuotaWindow): string => formatQuota([window]).replace(/^.*\//, "");

const busiestText = (peak: { readonly calls: number; readonly busiest: number } | undefined): string =>
  peak === undefined ? "no quota" : `${peak.busiest} of ${peak.calls} calls in a second, at the gateway`;

/** The view in one line, for where nothing can be drawn again. */
export function formatLiveLine(view: LiveView): string {
  const { seconds, rows, balance, gateway, queued, ledger, spend } = view;
  return [
    `${Math.round(seconds)} s: published ${inGroups(balance.published)} of ${inGroups(rows)}`,
    `settled ${inGroups(balance.settled)}`,
    listCounts(byVerdict(balance.results)),
    `dead letters ${inGroups(sumOf(balance.deadLetters))}`,
    `queued ${queued === undefined ? "unknown" : inGroups(queued)}`,
    `calls ${inGroups(gateway.calls.wellSigned)}`,
    `retries ${inGroups(retriesOf(gateway))}`,
    `busiest second ${gateway.quota[0]?.busiest ?? 0} of ${gateway.quota[0]?.calls ?? "any"}`,
    ...(spend === undefined ? [] : [`spent ${formatPrice(spend.tenThousandths)} CNY`]),
    ...(ledger?.holds ?? []).map(({ kind, code }) => `held by ${kind} (${code})`),
  ].join(", ");
}
