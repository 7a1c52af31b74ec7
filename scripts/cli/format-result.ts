import type { RiskResult } from "../../shared/domain/risk-result.ts";
import { boundedLine } from "../../shared/process/bounded-line.ts";
import { colourVerdict } from "./colour-verdict.ts";
import { fitRows } from "./fit-rows.ts";

/** A result for a person: what was decided, and why. A terminal must not obey what a producer or a gateway wrote. */
export function formatResult(result: RiskResult): string {
  const metadata = Object.entries(result.metadata ?? {}).map(
    ([name, value]) => `${boundedLine(name)}=${boundedLine(value)}`,
  );
  return fitRows([
    ["transaction", boundedLine(result.transactionId)],
    ["verdict", colourVerdict(result.verdict)],
    ["risk score", result.riskScore === null ? "none" : String(result.riskScore)],
    ["rule codes", result.ruleCodes.map(boundedLine).join(", ") || "none"],
    ["source", boundedLine(result.source)],
    ["revision", String(result.revision)],
    ["API calls", boundedLine(`${result.attempts}, ${result.cost.value} ${result.cost.currency}`)],
    ["trace id", boundedLine(result.traceId ?? "none")],
    ["decided at", boundedLine(result.decidedAt)],
    ...(metadata.length === 0 ? [] : [["metadata", metadata.join(", ")] as const]),
  ]);
}

/** A result in one line, in columns. */
export function formatResultLine(result: RiskResult): string {
  const { transactionId, verdict, riskScore, ruleCodes, source, decidedAt } = result;
  const columns = [
    boundedLine(decidedAt),
    colourVerdict(verdict, LONGEST_VERDICT),
    (riskScore === null ? "-" : riskScore.toFixed(2)).padStart(4),
    boundedLine(source).padEnd("below-threshold".length),
    boundedLine(transactionId),
    ruleCodes.map(boundedLine).join(","),
  ];
  return `${columns.join("  ").trimEnd()}\n`;
}

const LONGEST_VERDICT = "decline".length;
