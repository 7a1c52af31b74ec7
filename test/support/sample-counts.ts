import { generateSample, type SampleOptions } from "../../scripts/sample/generate-sample.ts";

/** How many rows of a sample end how: dead letters by their reason, results by what kind of payment they are. */
export function sampleCounts(options: SampleOptions): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { kind, reason } of generateSample(options)) {
    const outcome = reason ?? kind;
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}
