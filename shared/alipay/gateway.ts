import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import type { Failure } from "../domain/failure.ts";
import type { Transaction } from "../domain/transaction.ts";
import { canonicalCode } from "./gateway-codes.ts";
import { headerOf, type HttpAnswer } from "./http-answer.ts";
import { interpretAnswer, type Interpreter } from "./interpret-answer.ts";
import { interpretBroken } from "./interpret-broken.ts";
import { createOfficialSdk, type Credentials } from "./official-sdk.ts";
import { MOST_IN_FLIGHT } from "./most-in-flight.ts";
import { newAttempt, signedRequest } from "./signed-request.ts";
import { createTransport } from "./transport.ts";

export interface GatewayOptions extends Credentials {
  readonly gatewayUrl: URL;
  /** The whole call's deadline, connect to last byte. */
  readonly timeoutMs: number;
  /** The corrected time in milliseconds since the epoch, for time stamps and skew. */
  readonly now: () => number;
  /** Codes and sub-codes that count as a ban besides the table's. */
  readonly banCodes?: readonly string[];
}

/** What one call brought. */
export type GatewayAnswer =
  | ({ readonly kind: "scored"; readonly riskScore: number; readonly ruleCodes: readonly string[] } & Call)
  | ({ readonly kind: "failed"; readonly failure: Failure } & Call)
  /** Not one byte left: no call was made. */
  | {
      readonly kind: "not-sent";
      readonly why: "withdrawn" | "aborted" | "unreachable";
      readonly detail: string;
    };

/** A request that left. */
interface Call {
  /** From departure to the answer's end, or to the moment when none was awaited any more. */
  readonly latencyMs: number;
  /** Whether an answer began, so that the request is known to have arrived. */
  readonly isAnswered: boolean;
  readonly traceId: string | null;
}

/** When a call leaves, and what may yet keep it from leaving. */
export interface Departure {
  /** Asked once the call is signed: it leaves so many milliseconds later, at once where that is 0 or less. */
  readonly waitMs: () => number;
  /** Asked right before the first byte is written; false takes the call back. Must not throw. */
  readonly beforeDeparture: () => boolean;
  /** Prevents departure only: a call in flight is paid for, and runs to its deadline. */
  readonly signal?: AbortSignal;
}

/** `alipay.security.risk.detect` at one gateway, for one application. */
export interface Gateway {
  /** One call, or none. Rejects for nothing that the gateway or the network does. */
  detect(transaction: Transaction, departure: Departure): Promise<GatewayAnswer>;
  /** Opens sockets without sending anything. */
  warmUp(sockets: number): Promise<void>;
  /** Waits for the calls in flight, at most until the signal fires, then closes the sockets. */
  close(deadline?: AbortSignal): Promise<void>;
}

/** Alipay's gateway: signs, posts once, verifies, and says what the answer means. */
export function createGateway(options: GatewayOptions): Gateway {
  const { now } = options;
  const sdk = createOfficialSdk(options);
  const transport = createTransport({ ...options, sockets: MOST_IN_FLIGHT });
  const interpreter: Interpreter = {
    verify: (text, signature) => sdk.rsaCheck(text, signature, "RSA2"),
    banCodes: new Set(options.banCodes?.map(canonicalCode)),
  };

  async function detect(transaction: Transaction, departure: Departure): Promise<GatewayAnswer> {
    const isAborted = () => departure.signal?.aborted === true;
    if (isAborted()) return ABORTED;

    const form = signedRequest(sdk, transaction, newAttempt(now()));
    const waitMs = departure.waitMs();
    // One more than asked: timers fire up to a millisecond early.
    if (waitMs > 0) await sleep(Math.floor(waitMs) + 1);

    let departedAtMs = 0;
    const outcome = await transport.post(form, () => {
      if (isAborted() || !departure.beforeDeparture()) return false;
      departedAtMs = performance.now();
      return true;
    });
    if (outcome.kind === "not-sent") return isAborted() ? ABORTED : outcome;

    const call = { latencyMs: performance.now() - departedAtMs };
    if (outcome.kind === "broken") {
      const { cause, answerHead } = outcome;
      const failure = interpretBroken(cause, answerHead, now());
      return { kind: "failed", failure, isAnswered: answerHead !== undefined, traceId: null, ...call };
    }
    const { answer } = outcome;
    return {
      ...interpretAnswer(answer, now(), interpreter),
      isAnswered: true,
      traceId: traceIdOf(answer),
      ...call,
    };
  }

  return {
    detect,
    warmUp: (sockets) => transport.warmUp(sockets),
    close: (deadline) => transport.close(deadline),
  };
}

const ABORTED: GatewayAnswer = { kind: "not-sent", why: "aborted", detail: "aborted before departure" };

/** It is stored and published: what does not look like an id is left out. */
function traceIdOf(answer: HttpAnswer): string | null {
  const traceId = headerOf(answer, "trace_id");
  return traceId !== undefined && /^[\w.-]{1,128}$/.test(traceId) ? traceId : null;
}
