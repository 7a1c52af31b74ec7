import { z } from "zod";
import { decimalsOf } from "./currency-decimals.ts";
import { invalid, type Refusal } from "./refusal.ts";

const LARGEST_AMOUNT = 100_000_000;
const TRANSACTION_ID = /^[A-Za-z0-9._-]{1,64}$/;

const bizContentSchema = z
  .strictObject({
    transaction_id: z.string().regex(TRANSACTION_ID, "1 to 64 of A-Z a-z 0-9 . _ -"),
    amount: z.string().regex(/^(0|[1-9]\d{0,8})(\.\d{1,4})?$/, "decimal text without sign or exponent"),
    currency: z.string().regex(/^[A-Z]{3}$/, "an ISO 4217 code"),
    merchant_category_code: z.string().regex(/^\d{4}$/, "four digits"),
    device_fingerprint: z.string().regex(/^\P{C}{16,128}$/u, "16 to 128 printable characters"),
    geolocation: z.strictObject({
      latitude: z.number().min(-90).max(90),
      longitude: z.number().min(-180).max(180),
    }),
  })
  .refine(({ amount }) => /[1-9]/.test(amount) && Number(amount) <= LARGEST_AMOUNT, {
    path: ["amount"],
    message: "from 0.01 to 100000000.00",
  })
  .refine(({ amount, currency }) => (amount.split(".")[1] ?? "").length <= decimalsOf(currency), {
    path: ["amount"],
    message: "more decimals than the currency has",
  });

/** As much as it takes to tell which transaction a call is about, whatever else is wrong with it. */
const identifiedSchema = z.object({ transaction_id: bizContentSchema.shape.transaction_id });

/** One transaction to score, as the risk API takes it. */
export type BizContent = z.infer<typeof bizContentSchema>;

/** What was sent: the transaction it is about, where that can be told, and either its content or a refusal. */
export type ParsedBizContent =
  | { readonly ok: true; readonly transactionId: string; readonly content: BizContent }
  | { readonly ok: false; readonly transactionId: string | undefined; readonly refusal: Refusal };

/** Words that the real gateway takes for an attack when they stand in a value (facts of 2026-11). */
const SUSPICIOUS = /(?:^|[^a-z0-9])(?:body|subject|service|out_trade_no|seller_id|total_fee)(?:[^a-z0-9]|$)/i;

/** Reads `biz_content`: JSON, no suspicious words, and every rule of every field. */
export function parseBizContent(text: string): ParsedBizContent {
  const json = parseJson(text);
  if (json === undefined) return refuse(undefined, "isv.illegal-json", "biz_content is not JSON");
  const transactionId = transactionIdOf(json);
  if (stringsOf(json).some((value) => SUSPICIOUS.test(value))) {
    return refuse(transactionId, "isv.suspected-attack", "a value looks like an attack");
  }
  const result = bizContentSchema.safeParse(json);
  if (result.success) {
    return { ok: true, transactionId: result.data.transaction_id, content: result.data };
  }
  return refuse(transactionId, "isv.invalid-parameter", firstProblem(result.error));
}

function refuse(transactionId: string | undefined, subCode: string, subMsg: string): ParsedBizContent {
  return { ok: false, transactionId, refusal: invalid(subCode, subMsg) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function transactionIdOf(json: unknown): string | undefined {
  return identifiedSchema.safeParse(json).data?.transaction_id;
}

const stringsOf = (json: unknown): string[] =>
  json !== null && typeof json === "object"
    ? Object.values(json).filter((value) => typeof value === "string")
    : [];

function firstProblem({ issues: [issue] }: z.ZodError): string {
  return `${issue?.path.join(".") || "biz_content"}: ${issue?.message ?? "invalid"}`;
}
