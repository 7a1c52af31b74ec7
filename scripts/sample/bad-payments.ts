import type { DeadLetterReason } from "../../shared/domain/dead-letter.ts";
import type { Payment } from "./payment.ts";

/** A way to be refused: what becomes of a good payment, and as which dead letter it ends. */
export interface BadPayment {
  readonly reason: DeadLetterReason;
  readonly spoil: (payment: Payment) => string;
}

/** With some fields in other words; undefined leaves one out. */
const changed =
  (changes: Readonly<Record<string, unknown>>) =>
  (payment: Payment): string =>
    JSON.stringify({ ...payment, ...changes });

/** What producers get wrong, each as it has been seen in the wild. */
export const BAD_PAYMENTS: readonly [BadPayment, ...BadPayment[]] = [
  { reason: "malformed", spoil: changed({ amount: { value: "0.00", currency: "CNY" } }) },
  { reason: "malformed", spoil: changed({ amount: { value: 128.5, currency: "CNY" } }) },
  { reason: "malformed", spoil: changed({ amount: { value: "-12.00", currency: "CNY" } }) },
  { reason: "malformed", spoil: changed({ amount: { value: "980.505", currency: "CNY" } }) },
  { reason: "malformed", spoil: changed({ amount: { value: "980.50", currency: "RMB" } }) },
  { reason: "malformed", spoil: changed({ deviceFingerprint: undefined }) },
  { reason: "malformed", spoil: changed({ merchantCategoryCode: "742" }) },
  { reason: "malformed", spoil: changed({ occurredAt: "2025-02-30T10:00:00+08:00" }) },
  { reason: "malformed", spoil: changed({ geolocation: { latitude: 121.4737, longitude: 31.2304 } }) },
  { reason: "malformed", spoil: changed({ merchantID: "shop-1" }) },
  // Broken off on the way.
  { reason: "malformed", spoil: (payment) => JSON.stringify(payment).slice(0, 180) },
  { reason: "unsupported-rail", spoil: changed({ rail: "card" }) },
  // Nobody waits for the answer any more.
  {
    reason: "expired",
    spoil: changed({ decideBy: "2025-01-06T09:00:02+08:00", occurredAt: "2025-01-06T09:00:00+08:00" }),
  },
  // One of the words that Alipay's gateway takes for an attack.
  { reason: "rejected", spoil: changed({ deviceFingerprint: "android body 5f2d7c1a90" }) },
];
