import { dateOf, headerOf, type AnswerHead } from "./http-answer.ts";

/**
 * A longer wait is not believed: probing once an hour harms nobody, a typing error of somebody else must not
 * stop us for a year.
 */
const LONGEST_WAIT_MS = 3_600_000;

/**
 * `Retry-After` in seconds or as a date (RFC 9110, 10.2.3) to milliseconds, at most an hour; undefined where
 * it says nothing usable.
 */
export function parseRetryAfter(value: string | undefined, answeredAtMs: number): number | undefined {
  if (value === undefined) return undefined;
  const waitMs = /^\d+$/.test(value) ? Number(value) * 1_000 : Date.parse(value) - answeredAtMs;
  return waitMs >= 0 ? Math.min(waitMs, LONGEST_WAIT_MS) : undefined;
}

/** What an answer that came at `receivedAtMs` asks for in milliseconds, told by its own clock where it has one. */
export function retryAfterOf(head: AnswerHead, receivedAtMs: number): number | undefined {
  return parseRetryAfter(headerOf(head, "retry-after"), dateOf(head) ?? receivedAtMs);
}
