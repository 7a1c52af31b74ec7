import { parseTransaction, type Transaction } from "../../shared/domain/transaction.ts";

/** The contract's example as plain JSON, with some fields changed; `undefined` leaves a field out. */
export function sampleBody(changes: Readonly<Record<string, unknown>> = {}): Record<string, unknown> {
  return {
    schemaVersion: 1,
    transactionId: "T202611230000001",
    rail: "alipay",
    userId: "2088102146225135",
    merchantId: "store-17",
    merchantCategoryCode: "5411",
    amount: { value: "128.50", currency: "CNY" },
    deviceFingerprint: "9f86d081884c7d659a2feaa0c55ad015",
    geolocation: { latitude: 31.2304, longitude: 121.4737 },
    occurredAt: "2026-11-23T08:00:00+08:00",
    metadata: { channel: "app" },
    ...changes,
  };
}

/** The same, parsed. */
export function sampleTransaction(changes: Readonly<Record<string, unknown>> = {}): Transaction {
  const transaction = parseTransaction(Buffer.from(JSON.stringify(sampleBody(changes))));
  if (!transaction.ok) throw new Error(transaction.problem);
  return transaction.value;
}
