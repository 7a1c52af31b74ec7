import { InvalidArgumentError, type Command } from "commander";
import { deadLetterSchema } from "../../../shared/domain/dead-letter.ts";
import { parseInstant } from "../../../shared/domain/instant.ts";
import type { LetterSelection } from "../../../shared/domain/letters/selection.ts";
import { parseDuration } from "../../plan/parse-duration.ts";
import { decimalNumber } from "../number-flags.ts";

/** The filters of every command that is about several dead letters. */
export interface SelectionFlags {
  readonly reason?: string;
  readonly code?: string;
  readonly since?: MomentFlag;
  readonly until?: MomentFlag;
  readonly merchant?: string;
  readonly id?: readonly string[];
  readonly minAmount?: number;
}

/** A moment, or how long before now it was. */
type MomentFlag = { readonly atMs: number } | { readonly agoMs: number };

const REASONS: readonly string[] = [...deadLetterSchema.shape.reason.options, "misrouted", "unknown"];
const LARGEST = 100_000_000;

/** Adds the filters; a letter is meant that fits all that are given. */
export function addSelectionFlags(command: Command): Command {
  return command
    .option("--reason <reason>", `only these: ${REASONS.join(", ")}`, reasonOfLetter)
    .option("--code <code>", "only with this code of the gateway, or with this sub-code")
    .option(
      "--since <when>",
      "only what failed since: 2h, 7d, or a moment such as 2026-11-23T08:00:00+08:00",
      moment,
    )
    .option("--until <when>", "only what failed until then", moment)
    .option("--merchant <id>", "only of this merchant")
    .option("--id <id>", "only this transaction, or this letter; may be repeated", collect)
    .option(
      "--min-amount <number>",
      "only from this amount on, in whatever currency",
      decimalNumber(0, LARGEST),
    );
}

/** What the flags select. `nowMs`: Redis' clock. */
export function readSelection(flags: SelectionFlags, nowMs: number): LetterSelection {
  const { reason, code, since, until, merchant, id, minAmount } = flags;
  const sinceMs = momentAt(since, nowMs);
  const untilMs = momentAt(until, nowMs);
  return { reason, code, sinceMs, untilMs, merchant, ids: id, minAmount };
}

/** Whether anything is selected by at all. */
export function hasFilterFlag({
  reason,
  code,
  since,
  until,
  merchant,
  id,
  minAmount,
}: SelectionFlags): boolean {
  return [reason, code, since, until, merchant, id, minAmount].some((flag) => flag !== undefined);
}

function momentAt(flag: MomentFlag | undefined, nowMs: number): number | undefined {
  if (flag === undefined) return undefined;
  return "atMs" in flag ? flag.atMs : nowMs - flag.agoMs;
}

function moment(text: string): MomentFlag {
  const duration = parseDuration(text);
  if (duration.ok) return { agoMs: duration.value };
  const instant = parseInstant(text);
  if (instant.ok) return { atMs: instant.value };
  throw new InvalidArgumentError(
    "Wanted: a duration such as 2h or 7d, or a moment such as 2026-11-23T08:00:00+08:00.",
  );
}

function reasonOfLetter(text: string): string {
  if (REASONS.includes(text)) return text;
  throw new InvalidArgumentError(`Wanted: one of ${REASONS.join(", ")}.`);
}

const collect = (id: string, earlier: readonly string[] = []): readonly string[] => [...earlier, id];
