import { randomUUID } from "node:crypto";
import type { AlipaySdk } from "alipay-sdk";
import type { Transaction } from "../domain/transaction.ts";

const METHOD = "alipay.security.risk.detect";
const GMT8_OFFSET_MS = 8 * 3_600_000;

/** What makes one attempt differ from the next. */
interface Attempt {
  /** The corrected time, in milliseconds since the epoch. */
  readonly nowMs: number;
  /** Never used before: the gateway refuses a repeated one. */
  readonly nonce: string;
}

/** A new attempt: its own nonce (122 random bits) and time. */
export const newAttempt = (nowMs: number): Attempt => ({ nowMs, nonce: randomUUID().replaceAll("-", "") });

/**
 * The signed form body of one call (contract, section 5). The time stamp is given because the SDK would stamp
 * the process's local time; nothing may be empty, because the SDK signs empty parameters and the gateway
 * rejects them.
 */
export function signedRequest(sdk: AlipaySdk, transaction: Transaction, attempt: Attempt): string {
  return sdk.sdkExecute(
    METHOD,
    {
      timestamp: gatewayTimestamp(attempt.nowMs),
      nonce: attempt.nonce,
      biz_content: {
        transaction_id: transaction.transactionId,
        amount: transaction.amount.value,
        currency: transaction.amount.currency,
        merchant_category_code: transaction.merchantCategoryCode,
        device_fingerprint: transaction.deviceFingerprint,
        geolocation: {
          latitude: transaction.geolocation.latitude,
          longitude: transaction.geolocation.longitude,
        },
      },
    },
    { bizContentAutoSnakeCase: false },
  );
}

/** `yyyy-MM-dd HH:mm:ss` in GMT+8, whatever the machine's time zone. */
export function gatewayTimestamp(epochMs: number): string {
  return new Date(epochMs + GMT8_OFFSET_MS).toISOString().slice(0, 19).replace("T", " ");
}
