import type { Failure, OwnCode } from "../domain/failure.ts";
import { classifyHttpStatus } from "./classify-http-status.ts";
import type { BrokenCause } from "./exchange.ts";
import type { AnswerHead } from "./http-answer.ts";
import { retryAfterOf } from "./retry-after.ts";

/**
 * What it means for the call that its answer broke off, at `receivedAtMs`. A head that came says as much as one above
 * a body that nobody can read: a 429 is a limit answer whatever follows it. One below 300 promised an answer that did
 * not come.
 */
export function interpretBroken(
  cause: BrokenCause,
  head: AnswerHead | undefined,
  receivedAtMs: number,
): Failure {
  if (head === undefined || head.status < 300) return BROKEN[cause];
  return classifyHttpStatus(head.status, retryAfterOf(head, receivedAtMs));
}

const BROKEN: Readonly<Record<BrokenCause, Failure & { readonly code: OwnCode }>> = {
  timeout: { kind: "retryable", code: "timeout", detail: "no complete answer before the deadline" },
  reset: { kind: "retryable", code: "reset", detail: "the connection broke before the answer was complete" },
  oversize: { kind: "retryable", code: "oversize", detail: "the answer is too large to be the gateway's" },
  unreadable: { kind: "retryable", code: "unreadable", detail: "the answer is not HTTP" },
};
