import type { Failure, OwnCode } from "../domain/failure.ts";
import { classifyHttpStatus } from "./classify-http-status.ts";
import { classifyRefusal, type Refusal } from "./classify-refusal.ts";
import { readEnvelope, type Verify } from "./envelope.ts";
import { dateOf, type HttpAnswer } from "./http-answer.ts";
import { retryAfterOf } from "./retry-after.ts";

/** What an HTTP answer means for the call. */
type Interpretation =
  | { readonly kind: "scored"; readonly riskScore: number; readonly ruleCodes: readonly string[] }
  | { readonly kind: "failed"; readonly failure: Failure };

/** What interpreting needs to know of an application besides the answer. */
export interface Interpreter {
  readonly verify: Verify;
  /** Codes and sub-codes that count as a ban besides the table's, as `canonicalCode` spells them. */
  readonly banCodes: ReadonlySet<string>;
}

/**
 * An HTTP answer to a score or a failure. The gateway's own codes say most; the status decides where they say
 * nothing.
 */
export function interpretAnswer(
  answer: HttpAnswer,
  receivedAtMs: number,
  { verify, banCodes }: Interpreter,
): Interpretation {
  const gatewayTimeMs = dateOf(answer);
  const retryAfterMs = retryAfterOf(answer, receivedAtMs);
  const skewMs = gatewayTimeMs === undefined ? undefined : receivedAtMs - gatewayTimeMs;

  const envelope = readEnvelope(answer.body, verify);
  switch (envelope.kind) {
    case "scored":
      return envelope;
    case "unproven":
      return failed(UNPROVEN[envelope.signature]);
    case "unreadable":
      return failed(
        answer.status === 200
          ? { kind: "retryable", code: "unreadable", detail: envelope.problem }
          : classifyHttpStatus(answer.status, retryAfterMs),
      );
    case "refused": {
      const failure = classifyRefusal(envelope, { retryAfterMs, skewMs, banCodes });
      const says = failure.kind !== "unknown-code" || answer.status === 200;
      return failed(says ? failure : classifyHttpStatus(answer.status, retryAfterMs));
    }
  }
}

const UNPROVEN: Readonly<
  Record<Exclude<Refusal["signature"], "valid">, Failure & { readonly code: OwnCode }>
> = {
  absent: { kind: "retryable", code: "unsigned-success", detail: "a success without a signature" },
  wrong: {
    kind: "retryable",
    code: "wrong-signature",
    detail: "a success not signed by ALIPAY_PUBLIC_KEY's owner",
  },
};

const failed = (failure: Failure): Interpretation => ({ kind: "failed", failure });
