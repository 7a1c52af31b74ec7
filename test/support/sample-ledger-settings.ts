import { randomUUID } from "node:crypto";
import type { LedgerSettings } from "../../shared/redis/ledger/quota-ledger.ts";

/** Of an application that nobody else has, with some of that changed. */
export const sampleLedgerSettings = (changes: Partial<LedgerSettings> = {}): LedgerSettings => ({
  appId: randomUUID(),
  gatewayUrl: "http://127.0.0.1/gateway.do",
  credentialsId: "key-1",
  quota: [{ calls: 10, windowMs: 1_000 }],
  history: "none",
  timeoutMs: 3_000,
  freezeMs: 86_400_000,
  strikesPerDay: 10,
  worker: "w1",
  ...changes,
});
