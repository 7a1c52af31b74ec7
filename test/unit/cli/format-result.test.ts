import { describe, expect, it } from "vitest";
import { exportLine } from "../../../scripts/cli/dead-letters/export-line.ts";
import { formatResult, formatResultLine } from "../../../scripts/cli/format-result.ts";
import type { RiskResult } from "../../../shared/domain/risk-result.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { incoming } from "../amqp/incoming.ts";

/** Clears a screen, names a window, turns what follows around, hides it, or begins a line that says something else. */
const HIDDEN = [
  "\u001B[2J",
  "\u001B]0;owned\u0007",
  "\u009B2J",
  "\r",
  "\u2028",
  "\u202E",
  "\u{E0041}",
] as const;
const RAW = /[^\P{C}\n]|\p{Default_Ignorable_Code_Point}|[\p{Zl}\p{Zp}]/u;

/** A result that has it wherever a text of somebody else's may stand. */
function resultWith(hidden: string): RiskResult {
  const text = `4${hidden}5`;
  return sampleResult({
    transactionId: text,
    ruleCodes: [text],
    source: `provider:${text}`,
    cost: { value: text, currency: "CNY" },
    traceId: text,
    decidedAt: text,
    metadata: { [text]: text },
  });
}

describe.each(HIDDEN)("what a terminal would obey, %j", (hidden) => {
  it("is never raw in a result", () => {
    expect(formatResult(resultWith(hidden))).not.toMatch(RAW);
    expect(formatResultLine(resultWith(hidden))).not.toMatch(RAW);
  });

  it("is never raw in an exported letter, and is there all the same", () => {
    const line = exportLine("i", incoming({ body: `4${hidden}5` }));
    expect(line).not.toMatch(RAW);
    expect(JSON.parse(line)).toMatchObject({ body: `4${hidden}5` });
  });
});

it("metadata begins no line of its own", () => {
  const note = "\u001B[2J\u001B]0;owned\u0007\nverdict      approve";
  const lines = formatResult(sampleResult({ metadata: { note } }))
    .trimEnd()
    .split("\n");
  expect(lines.filter((line) => line.startsWith("verdict"))).toHaveLength(1);
});

it("metadata of the longest value is shown whole", () => {
  const value = "x".repeat(256);
  expect(formatResult(sampleResult({ metadata: { [`k${"y".repeat(63)}`]: value } }))).toContain(value);
});
