import { styleText } from "node:util";
import type { Verdict } from "../../shared/domain/risk-result.ts";

const COLOURS = { approve: "green", review: "yellow", decline: "red" } as const;

/** The verdict, coloured where standard output is a terminal that wants colours (NO_COLOR), filled up to a width. */
export function colourVerdict(verdict: Verdict, width = 0): string {
  return styleText(COLOURS[verdict], verdict.padEnd(width), { stream: process.stdout });
}
