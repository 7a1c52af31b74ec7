import { formatInstant } from "../../../shared/domain/instant.ts";
import type { LetterGroup } from "../../../shared/domain/letters/groups.ts";
import type { Letter } from "../../../shared/domain/letters/letter.ts";
import { formatSum } from "../../../shared/domain/money.ts";
import { boundedLine } from "../../../shared/process/bounded-line.ts";
import { fitRows } from "../fit-rows.ts";
import { formatTable } from "../format-table.ts";
import { inGroups } from "../in-groups.ts";
import type { LetterList, Page } from "./list-letters.ts";

/** The groups for a person, and what they are together. */
export function formatGroups({ groups }: LetterList): string {
  const all = groups.all();
  if (all.length === 0) return "no dead letters\n";
  const table = formatTable(
    ["reason", "code", ">letters", "oldest", "newest", ">at stake"],
    all.map((group) => [
      group.reason,
      boundedLine(group.code ?? "-"),
      inGroups(group.letters),
      momentText(group.oldestMs),
      momentText(group.newestMs),
      amountsOf(group)
        .map(({ value, currency }) => `${value} ${currency}`)
        .join(", ") || "-",
    ]),
  );
  const letters = sum(all.map((group) => group.letters));
  const copies = sum(all.map((group) => group.copies));
  const more = copies === 0 ? "" : `, and ${inGroups(copies)} copies of them`;
  return `${table}\n${inGroups(letters)} dead letter${letters === 1 ? "" : "s"}${more}\n`;
}

/** A page of single letters for a person. */
export function formatPage({ page, messages }: LetterList, { number, size }: Page): string {
  const blocks = page.map((letter) => fitRows(letterRows(letter)));
  const pages = Math.max(1, Math.ceil(messages / size));
  return `${blocks.join("\n")}${blocks.length > 0 ? "\n" : ""}page ${number} of ${pages}, ${inGroups(messages)} dead letters with their copies\n`;
}

/** One letter, without its body. */
export function letterRows(letter: Letter): [name: string, value: string][] {
  const { glance, code, worker, editedAt } = letter;
  return [
    ["letter", letter.instance],
    ["transaction", glance.transactionId === undefined ? "-" : boundedLine(glance.transactionId)],
    ["reason", letter.reason],
    ["detail", boundedLine(letter.detail ?? "-")],
    ...(code === undefined ? [] : [["code", boundedLine(code)] as [string, string]]),
    ["amount", glance.amount === undefined ? "-" : `${glance.amount.value} ${glance.amount.currency}`],
    ["merchant", glance.merchantId === undefined ? "-" : boundedLine(glance.merchantId)],
    ["failed at", momentText(letter.failedAtMs)],
    ["API calls", String(letter.attempts)],
    ["replays", String(letter.replays ?? 0)],
    ...(worker === undefined ? [] : [["worker", boundedLine(worker)] as [string, string]]),
    ...(editedAt === undefined ? [] : [["edited at", boundedLine(editedAt)] as [string, string]]),
  ];
}

/** What the list says, for programs. */
export function listJson(list: LetterList, page: Page | undefined) {
  const groups = list.groups.all();
  return {
    letters: sum(groups.map((group) => group.letters)),
    copies: sum(groups.map((group) => group.copies)),
    groups: groups.map((group) => ({
      reason: group.reason,
      code: group.code ?? null,
      letters: group.letters,
      copies: group.copies,
      oldest: momentOrNull(group.oldestMs),
      newest: momentOrNull(group.newestMs),
      atStake: amountsOf(group),
    })),
    ...(page === undefined
      ? {}
      : { page: page.number, pages: Math.ceil(list.messages / page.size), items: list.page.map(letterJson) }),
  };
}

/** A letter without its body, for programs. */
export function letterJson(letter: Letter) {
  const { glance } = letter;
  return {
    letter: letter.instance,
    transactionId: glance.transactionId ?? null,
    merchantId: glance.merchantId ?? null,
    amount:
      glance.amount === undefined ? null : { value: glance.amount.value, currency: glance.amount.currency },
    reason: letter.reason,
    detail: letter.detail ?? null,
    code: letter.code ?? null,
    attempts: letter.attempts,
    replays: letter.replays ?? 0,
    failedAt: momentOrNull(letter.failedAtMs),
    worker: letter.worker ?? null,
    editedAt: letter.editedAt ?? null,
    bodySha256: letter.bodySha256,
    bytes: letter.bytes,
  };
}

const amountsOf = ({ amounts }: LetterGroup) =>
  [...amounts]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([currency, minorUnits]) => ({ value: formatSum(minorUnits, currency), currency }));

const momentText = (ms: number | undefined): string => (ms === undefined ? "-" : formatInstant(ms));
const momentOrNull = (ms: number | undefined): string | null => (ms === undefined ? null : formatInstant(ms));
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);
