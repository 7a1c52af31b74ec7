import { randomBytes, sign, type KeyObject } from "node:crypto";
import { promisify } from "node:util";
import type { Answer, RefusalEnvelope, Spoiling } from "./answer.ts";
import { messageOf, type Refusal } from "./refusal.ts";
import type { Reply } from "./reply.ts";
import type { Detection } from "./score.ts";

const RESPONSE_KEY = "alipay_security_risk_detect_response";

/** With a callback the signature is made on the thread pool, and the gateway goes on counting calls meanwhile. */
const signOnThreadPool = promisify<string, Buffer, KeyObject, Buffer>(sign);

/** Turns a decision into what is sent: envelope, signature, headers. `dateMs` is the gateway's time of day. */
export async function renderAnswer(answer: Answer, privateKey: KeyObject, dateMs: number): Promise<Reply> {
  const date = new Date(dateMs).toUTCString();
  switch (answer.kind) {
    case "reset":
    case "silence":
      return answer;
    case "http":
      return {
        kind: "text",
        status: answer.status,
        headers: { date, "content-type": "text/html;charset=utf-8", ...retryAfter(answer.retryAfterSeconds) },
        body: answer.body,
        pace: "whole",
      };
    case "refused":
      return enveloped(await refusalBody(answer.refusal, answer.envelope, privateKey), date);
    case "detected":
      return {
        ...enveloped(await detectionBody(answer.detection, answer.spoiling, privateKey), date),
        pace: answer.spoiling === "dribble" || answer.spoiling === "truncated" ? answer.spoiling : "whole",
      };
  }
}

/** Errors of the gateway are HTTP 200, and JSON calls itself HTML: so does the real one. */
function enveloped(body: string, date: string): Extract<Reply, { kind: "text" }> {
  const headers = {
    date,
    "content-type": "text/html;charset=utf-8",
    trace_id: randomBytes(16).toString("hex"),
  };
  return { kind: "text", status: 200, headers, body, pace: "whole" };
}

const retryAfter = (seconds: number | undefined): Record<string, string> =>
  seconds === undefined ? {} : { "retry-after": String(seconds) };

async function refusalBody(
  { code, subCode, subMsg }: Refusal,
  envelope: RefusalEnvelope,
  key: KeyObject,
): Promise<string> {
  const inner = JSON.stringify({ code, msg: messageOf(code), sub_code: subCode, sub_msg: subMsg });
  if (envelope === "signed") return signedEnvelope(inner, await signatureOf(inner, key));
  return `{"${envelope === "unsigned" ? RESPONSE_KEY : "error_response"}":${inner}}`;
}

async function detectionBody(
  detection: Detection,
  spoiling: Spoiling | undefined,
  key: KeyObject,
): Promise<string> {
  const inner = detectionText(detection, spoiling);
  switch (spoiling) {
    case "unsigned":
      return `{"${RESPONSE_KEY}":${inner}}`;
    case "wrong-signature":
      return signedEnvelope(inner, await signatureOf(`${inner} `, key));
    case "escaped-slashes":
      return signedEnvelope(inner.replaceAll("/", "\\/"), await signatureOf(inner, key));
    default:
      return signedEnvelope(inner, await signatureOf(inner, key));
  }
}

function detectionText(
  { riskScore, ruleCodes, isScoreText }: Detection,
  spoiling: Spoiling | undefined,
): string {
  return JSON.stringify({
    code: "10000",
    msg: "Success",
    risk_score: spoiling === "impossible-score" ? "1.70" : isScoreText ? riskScore.toFixed(2) : riskScore,
    rule_codes: spoiling === "escaped-slashes" ? [...ruleCodes, "RULES/2026"] : ruleCodes,
  });
}

const signedEnvelope = (inner: string, signature: string): string =>
  `{"${RESPONSE_KEY}":${inner},"sign":"${signature}"}`;

async function signatureOf(text: string, key: KeyObject): Promise<string> {
  return (await signOnThreadPool("RSA-SHA256", Buffer.from(text), key)).toString("base64");
}
