import type { RiskResult } from "../../shared/domain/risk-result.ts";

/** The contract's example (section 3), with some fields changed. */
export function sampleResult(changes: Partial<RiskResult> = {}): RiskResult {
  return {
    schemaVersion: 1,
    transactionId: "T202611230000001",
    verdict: "review",
    riskScore: 0.62,
    ruleCodes: ["DEVICE_VELOCITY"],
    source: "alipay",
    revision: 1,
    attempts: 2,
    cost: { value: "0.04", currency: "CNY" },
    traceId: "21a3",
    decidedAt: "2026-11-23T08:00:00.412+08:00",
    metadata: { channel: "app" },
    ...changes,
  };
}
