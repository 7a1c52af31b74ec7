import { errors, type Dispatcher } from "undici";
import type { AnswerHead, HttpAnswer } from "./http-answer.ts";

/** How one POST ended. */
export type PostOutcome =
  | { readonly kind: "answered"; readonly answer: HttpAnswer }
  /** The request left, so it counts as a call. That it arrived is known only where a head came. */
  | { readonly kind: "broken"; readonly cause: BrokenCause; readonly answerHead: AnswerHead | undefined }
  /** Not one byte of the request left. */
  | { readonly kind: "not-sent"; readonly why: "withdrawn" | "unreachable"; readonly detail: string };

/**
 * How an exchange broke after it departed: no complete answer by the deadline, a lost connection, too large an
 * answer, or none that is HTTP.
 */
export type BrokenCause = "timeout" | "reset" | "oversize" | "unreadable";

/**
 * One POST as undici's handler: waiting for a socket → departed → settled. `mayDepart` is asked once, when a
 * connected socket is about to be written to, in the same tick; a throw from there takes the request back
 * before a byte leaves and leaves the socket usable.
 */
export class Exchange implements Dispatcher.DispatchHandler {
  readonly outcome: Promise<PostOutcome>;
  readonly #resolve: (outcome: PostOutcome) => void;
  readonly #mayDepart: () => boolean;
  #phase: "waiting" | "departed" | "settled" = "waiting";
  #controller: Dispatcher.DispatchController | undefined;
  #answerHead: AnswerHead | undefined;
  readonly #chunks: Buffer[] = [];

  constructor(mayDepart: () => boolean) {
    const { promise, resolve } = Promise.withResolvers<PostOutcome>();
    this.outcome = promise;
    this.#resolve = resolve;
    this.#mayDepart = mayDepart;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    // Settled: the deadline passed while it waited for a socket. Departed: undici queues a request again when
    // its socket closes with an "informational" error, and a call must never be written twice.
    if (this.#phase !== "waiting") throw new Error(`not sent: already ${this.#phase}`);
    if (!this.#mayDepart()) {
      this.#settle({ kind: "not-sent", why: "withdrawn", detail: "withdrawn at departure" });
      throw new Error("not sent: withdrawn");
    }
    this.#phase = "departed";
    this.#controller = controller;
  }

  onResponseStart(_: Dispatcher.DispatchController, status: number, headers: AnswerHead["headers"]): void {
    // Interim answers (1xx) come this way, too; the final one replaces them.
    this.#answerHead = { status, headers };
  }

  onResponseData(_: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    if (this.#answerHead === undefined) return this.#break("unreadable");
    this.#settle({ kind: "answered", answer: { ...this.#answerHead, body: Buffer.concat(this.#chunks) } });
  }

  onResponseError(_: Dispatcher.DispatchController, error: Error): void {
    if (this.#phase === "departed") this.#break(brokenCauseOf(error));
    else
      this.#settle({ kind: "not-sent", why: "unreachable", detail: `no connection: ${errorCodeOf(error)}` });
  }

  /** The deadline: nothing that comes later counts. */
  expire(): void {
    if (this.#phase === "waiting") {
      this.#settle({ kind: "not-sent", why: "unreachable", detail: "no connection before the deadline" });
    } else if (this.#phase === "departed") {
      // After a pause of this process the answer may lie in the socket already; sockets are read before
      // immediates run.
      setImmediate(() => {
        this.#break("timeout");
        this.#controller?.abort(new Error("deadline"));
      });
    }
  }

  #break(cause: BrokenCause): void {
    this.#settle({ kind: "broken", cause, answerHead: this.#answerHead });
  }

  /** The first outcome counts; a promise ignores the others. */
  #settle(outcome: PostOutcome): void {
    this.#phase = "settled";
    this.#resolve(outcome);
  }
}

function brokenCauseOf(error: Error): BrokenCause {
  if (error instanceof errors.HTTPParserError) return "unreadable";
  if (error instanceof errors.ResponseExceededMaxSizeError) return "oversize";
  if (error instanceof errors.HeadersOverflowError) return "oversize";
  return "reset";
}

/** "ECONNREFUSED", "CERT_HAS_EXPIRED" …: codes name no person and no secret, messages may. */
function errorCodeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}
