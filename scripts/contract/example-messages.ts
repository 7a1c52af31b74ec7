import { createHash } from "node:crypto";

/** A payment, as its producer writes it. */
export const EXAMPLE_TRANSACTION = {
  schemaVersion: 1,
  transactionId: "T202611230000031",
  rail: "alipay",
  userId: "2088102146225135",
  merchantId: "store-17",
  merchantCategoryCode: "5411",
  amount: { value: "128.50", currency: "CNY" },
  deviceFingerprint: "9f86d081884c7d659a2feaa0c55ad015",
  geolocation: { latitude: 31.2304, longitude: 121.4737 },
  occurredAt: "2026-11-23T08:00:00+08:00",
  decideBy: "2026-11-23T08:00:02+08:00",
  metadata: { channel: "app" },
} as const;

/** What became of it. */
export const EXAMPLE_RESULT = {
  schemaVersion: 1,
  transactionId: "T202611230000031",
  verdict: "review",
  riskScore: 0.58,
  ruleCodes: ["BEHAVIOUR_ANOMALY"],
  source: "alipay",
  revision: 1,
  attempts: 1,
  cost: { value: "0.02", currency: "CNY" },
  traceId: "4bc0866fad2726d8ad6df53874086645",
  decidedAt: "2026-11-23T08:00:00.801+08:00",
  metadata: { channel: "app" },
} as const;

/** The headers of that result. */
export const EXAMPLE_RESULT_HEADERS = { rail: "alipay", merchantId: "store-17", source: "alipay" } as const;

/** A payment that is none: it costs nothing. */
export const EXAMPLE_BAD_BODY = {
  ...EXAMPLE_TRANSACTION,
  amount: { value: "0.00", currency: "CNY" },
} as const;

/** What became of that one. */
export const EXAMPLE_DEAD_LETTER_HEADERS = {
  "x-risk-reason": "malformed",
  "x-risk-detail": "amount.value must be at least 0.01 (CNY)",
  "x-risk-attempts": 0,
  "x-risk-replays": 0,
  "x-risk-failed-at": "2026-11-23T08:00:00.664+08:00",
  "x-risk-worker": "worker-1:21100",
  "x-risk-body-sha256": createHash("sha256").update(JSON.stringify(EXAMPLE_BAD_BODY)).digest("hex"),
} as const;
