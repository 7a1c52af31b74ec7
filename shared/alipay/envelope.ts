import { z } from "zod";
import { SUCCESS_CODE } from "../domain/failure.ts";
import { parseStrictJson, type JsonBounds } from "../domain/strict-json.ts";
import type { Refusal } from "./classify-refusal.ts";
import { isSignedText, signedTextOf } from "./signed-text.ts";

/** What an answer's body says. */
type Envelope =
  | { readonly kind: "scored"; readonly riskScore: number; readonly ruleCodes: readonly string[] }
  | ({ readonly kind: "refused" } & Refusal)
  /** It claims success, but nobody we know has signed it. */
  | { readonly kind: "unproven"; readonly signature: "absent" | "wrong" }
  | { readonly kind: "unreadable"; readonly problem: string };

/** Whether `signature` (base64) is Alipay's, over `text`. */
export type Verify = (text: string, signature: string) => boolean;

const RESPONSE_KEY = "alipay_security_risk_detect_response";
const ERROR_KEY = "error_response";
/** The transport bounds the size (no bound here: lossy decoding below may lengthen a body). */
const BOUNDS: JsonBounds = { bytes: Infinity, depth: 8, keys: 256 };

/** Older answers say 40002 as a number. */
const codeText = z.union([z.string(), z.number()]).transform(String);

const nodeSchema = z.object({ code: codeText.pipe(z.string().min(1)), sub_code: codeText.nullish() });

const envelopeSchema = z.object({
  [RESPONSE_KEY]: nodeSchema.nullish(),
  [ERROR_KEY]: nodeSchema.nullish(),
  sign: z.string().nullish(),
});

const decimalText = z.string().regex(/^(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i);

const successSchema = z.object({
  code: codeText.pipe(z.literal(SUCCESS_CODE)),
  risk_score: z.union([z.number(), decimalText.transform(Number)]).pipe(z.number().min(0).max(1)),
  rule_codes: z.array(z.string().min(1).max(128)).max(100).nullish(),
});

/** An answer's body to what it says. Never throws, and never believes a success that is not signed. */
export function readEnvelope(body: Buffer, verify: Verify): Envelope {
  // Lossy on purpose: the texts of an error may come in another charset, its codes are ASCII. A success that
  // was damaged by this no longer fits its signature.
  const text = body.toString("utf8");
  const outer = parseJson(envelopeSchema, text);
  const key = outer?.[RESPONSE_KEY] ? RESPONSE_KEY : ERROR_KEY;
  const node = outer?.[key];
  if (!node) return unreadable("the answer is not the gateway's envelope");

  const signedText = signedTextOf(text, key) ?? "";
  const signature = judgeSignature(signedText, outer?.sign, verify);
  if (node.code !== SUCCESS_CODE) {
    return { kind: "refused", code: node.code, subCode: node.sub_code ?? undefined, signature };
  }
  return signature === "valid" ? readSuccess(signedText) : { kind: "unproven", signature };
}

/**
 * Reads the very text that was signed, because the envelope around it might hold a second, forged response.
 */
function readSuccess(signedText: string): Envelope {
  const success = parseJson(successSchema, signedText);
  if (success === undefined)
    return unreadable("the success has no risk score from 0 to 1, or no list of rule codes");
  return { kind: "scored", riskScore: success.risk_score, ruleCodes: success.rule_codes ?? [] };
}

function judgeSignature(signedText: string, sign: string | null | undefined, verify: Verify) {
  if (sign === undefined || sign === null || sign === "") return "absent";
  return isSignedText(signedText, sign, verify) ? "valid" : "wrong";
}

function parseJson<Schema extends z.ZodType>(schema: Schema, text: string): z.output<Schema> | undefined {
  const json = parseStrictJson(Buffer.from(text), BOUNDS);
  return json.ok ? schema.safeParse(json.value).data : undefined;
}

const unreadable = (problem: string): Envelope => ({ kind: "unreadable", problem });
