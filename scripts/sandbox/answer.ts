import type { Detection } from "./score.ts";
import type { Refusal } from "./refusal.ts";

/** How the answer to a call that succeeded is spoiled on its way. */
export type Spoiling =
  /** The signature is Alipay's, but of another text. */
  | "wrong-signature"
  /** No signature at all. */
  | "unsigned"
  /** Genuine, but sent with `\/` where `/` was signed: Alipay's Java SDK believes it, and so must we. */
  | "escaped-slashes"
  /** Well signed, with a score that cannot be. */
  | "impossible-score"
  /** A byte now and then, without end in sight. */
  | "dribble"
  /** The connection is closed in the middle of the body. */
  | "truncated";

/** What the gateway does with one call; faults are answers that somebody chose beforehand. */
export type Answer =
  | { readonly kind: "detected"; readonly detection: Detection; readonly spoiling: Spoiling | undefined }
  | { readonly kind: "refused"; readonly refusal: Refusal; readonly envelope: RefusalEnvelope }
  /** Something in front of the gateway answers. */
  | {
      readonly kind: "http";
      readonly status: number;
      readonly body: string;
      readonly retryAfterSeconds?: number;
    }
  | { readonly kind: "reset" }
  /** Never answered; the connection stays open until the caller gives up. */
  | { readonly kind: "silence" };

/** Errors come signed or not, under the method's name or, from the oldest parts of the gateway, under `error_response`. */
export type RefusalEnvelope = "signed" | "unsigned" | "error_response";

/** The name under which an answer is counted in the report. */
export function answerLabel(answer: Answer): string {
  switch (answer.kind) {
    case "detected":
      return answer.spoiling === undefined ? "10000" : `10000 ${answer.spoiling}`;
    case "refused":
      return answer.refusal.code;
    case "http":
      return `http ${answer.status}`;
    case "reset":
    case "silence":
      return answer.kind;
  }
}
