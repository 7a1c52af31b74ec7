import { InvalidArgumentError, type Command } from "commander";
import { deadLetterSchema } from "../../../shared/domain/dead-letter.ts";
import { parseInstant } from "../../../shared/domain/instant.ts";
import type { LetterSelection } from "../../../shared/domain/letters/selection.ts";
import { parseDuration } from "../../plan/parse-duration.ts";
import { decimalNumber } from "../number-flags.ts";
import { UsageError } from "../usage-error.ts";

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

/** Nobody who knows wrote when and why they failed. */
const UNEXPLAINED: readonly string[] = ["misrouted", "unknown"];
const REASONS: readonly string[] = [...deadLetterSchema.shape.reason.options, ...UNEXPLAINED];
const LARGEST = 100_000_000;
/** The clock of whoever asks may be wrong. */
const DAY_MS = 86_400_000;
/** No id is longer (contract, section 2). */
const LONGEST_ID = 64;
const LONGEST_CODE = 256;

/** Adds the filters; a letter is meant that fits all that are given. What none can fit is wrong usage. */
export function addSelectionFlags(command: Command): Command {
  return command
    .option("--reason <reason>", `only these: ${REASONS.join(", ")}`, reasonOfLetter)
    .option("--code <code>", "only with this code of the gateway, or with this sub-code", text(LONGEST_CODE))
    .option(
      "--since <when>",
      "only what failed since: 2h, 7d, or a moment such as 2026-11-23T08:00:00+08:00",
      moment,
    )
    .option("--until <when>", "only what failed until then", moment)
    .option("--merchant <id>", "only of this merchant", text(LONGEST_ID))
    .option("--id <id>", "only this transaction, or this letter; may be repeated", collect)
    .option(
      "--min-amount <number>",
      "only from this amount on, in whatever currency",
      decimalNumber(0, LARGEST),
    )
    .hook("preAction", (called) => {
      // By this machine's clock: before anything connects.
      const problem = contradictionIn(called.opts<SelectionFlags>(), Date.now());
      if (problem !== undefined) throw new UsageError(problem);
    });
}

/** What the flags select. `nowMs`: Redis' clock. */
export function readSelection(flags: SelectionFlags, nowMs: number): LetterSelection {
  const { reason, code, since, until, merchant, id, minAmount } = flags;
  const sinceMs = momentAt(since, nowMs);
  const untilMs = momentAt(until, nowMs);
  return { reason, code, sinceMs, untilMs, merchant, ids: id, minAmount };
}

/** Why no letter can fit them all, where none can. */
function contradictionIn(flags: SelectionFlags, nowMs: number): string | undefined {
  const { reason, code, sinceMs = -Infinity, untilMs = Infinity } = readSelection(flags, nowMs);
  if (sinceMs > untilMs) return "--since is later than --until: no dead letter can fit both";
  if (sinceMs > nowMs + DAY_MS) return "--since is still to come: no dead letter can fit it";
  if (reason === undefined || !UNEXPLAINED.includes(reason)) return undefined;
  if (flags.since !== undefined || flags.until !== undefined)
    return `--since, --until: what is ${reason} does not say when it failed`;
  return code === undefined ? undefined : `--code: what is ${reason} has no code`;
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

function moment(when: string): MomentFlag {
  const duration = parseDuration(when);
  if (duration.ok) return { agoMs: duration.value };
  const instant = parseInstant(when);
  if (instant.ok) return { atMs: instant.value };
  throw new InvalidArgumentError(
    "Wanted: a duration such as 2h or 7d, or a moment such as 2026-11-23T08:00:00+08:00.",
  );
}

function reasonOfLetter(name: string): string {
  if (REASONS.includes(name)) return name;
  throw new InvalidArgumentError(`Wanted: one of ${REASONS.join(", ")}.`);
}

function text(longest: number): (value: string) => string {
  return (value) => {
    if (value.length > 0 && value.length <= longest) return value;
    throw new InvalidArgumentError(`Wanted: a text of 1 to ${longest} characters.`);
  };
}

const idText = text(LONGEST_ID);
const collect = (id: string, earlier: readonly string[] = []): readonly string[] => [...earlier, idText(id)];
