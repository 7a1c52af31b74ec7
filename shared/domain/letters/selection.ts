import type { Letter } from "./letter.ts";

/** Which dead letters are meant: those that fit every filter that is set. */
export interface LetterSelection {
  readonly reason?: string | undefined;
  /** The whole code, or its code or sub-code alone. */
  readonly code?: string | undefined;
  /** Failed then or later; what does not say when it failed is left out. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  readonly merchant?: string | undefined;
  /** Any of these: transaction ids, or the beginnings of instances. */
  readonly ids?: readonly string[] | undefined;
  /** In the major unit of whatever currency it is. */
  readonly minAmount?: number | undefined;
}

/** Shorter beginnings of an instance could mean several. */
const LEAST_OF_INSTANCE = 8;

/** True where the letter fits all that is given; a letter that does not say when it failed fits no time. */
export function isSelected(letter: Letter, selection: LetterSelection): boolean {
  const { reason, code, sinceMs, untilMs, merchant, ids, minAmount } = selection;
  const { glance, failedAtMs } = letter;
  if (reason !== undefined && letter.reason !== reason) return false;
  if (code !== undefined && !hasCode(letter, code)) return false;
  if (sinceMs !== undefined && !(failedAtMs !== undefined && failedAtMs >= sinceMs)) return false;
  if (untilMs !== undefined && !(failedAtMs !== undefined && failedAtMs <= untilMs)) return false;
  if (merchant !== undefined && glance.merchantId !== merchant) return false;
  if (ids !== undefined && !ids.some((id) => isNamed(letter, id))) return false;
  return minAmount === undefined || Number(glance.amount?.value ?? NaN) >= minAmount;
}

/** Whether it is what a replay has put back and failed again, or failed since that replay began. */
export function hasFailedSince(
  { replayId, failedAtMs }: Letter,
  replay: { readonly id: string; readonly startedAtMs: number },
): boolean {
  return replayId === replay.id || (failedAtMs !== undefined && failedAtMs >= replay.startedAtMs);
}

/** Whether a letter is meant by an id: its transaction's, or the beginning of its instance. */
export function isNamed({ glance, instance }: Letter, id: string): boolean {
  return glance.transactionId === id || (id.length >= LEAST_OF_INSTANCE && instance.startsWith(id));
}

function hasCode(letter: Letter, code: string): boolean {
  return letter.code !== undefined && (letter.code === code || letter.code.split(" ").includes(code));
}
