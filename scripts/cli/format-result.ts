import type { RiskResult } from "../../shared/domain/risk-result.ts";
import { colourVerdict } from "./colour-verdict.ts";
import { fitRows } from "./fit-rows.ts";

/** A result for a person: what was decided, and why. */
export function formatResult(result: RiskResult): string {
  const metadata = Object.entries(result.metadata ?? {}).map(([name, value]) => `${name}=${value}`);
  return fitRows([
    ["transaction", result.transactionId],
    ["verdict", colourVerdict(result.verdict)],
    ["risk score", result.riskScore === null ? "none" : String(result.riskScore)],
    ["rule codes", result.ruleCodes.join(", ") || "none"],
    ["source", result.source],
    ["revision", String(result.revision)],
    ["API calls", `${result.attempts}, ${result.cost.value} ${result.cost.currency}`],
    ["trace id", result.traceId ?? "none"],
    ["decided at", result.decidedAt],
    ...(metadata.length === 0 ? [] : [["metadata", metadata.join(", ")] as const]),
  ]);
}

/** A result in one line, in columns. */
export function formatResultLine(result: RiskResult): string {
  const { transactionId, verdict, riskScore, ruleCodes, source, decidedAt } = result;
  const columns = [
    decidedAt,
    colourVerdict(verdict, LONGEST_VERDICT),
    (riskScore === null ? "-" : riskScore.toFixed(2)).padStart(4),
    source.padEnd("below-threshold".length),
    transactionId,
    ruleCodes.join(","),
  ];
  return `${columns.join("  ").trimEnd()}\n`;
}

const LONGEST_VERDICT = "decline".length;
