import { parsed, refused, type Parsed } from "../../shared/domain/parsed.ts";
import type { Latency } from "../sandbox/latency.ts";
import { SCENARIOS } from "../sandbox/scenarios.ts";
import { parseDuration } from "./parse-duration.ts";

const USUAL = SCENARIOS.calm.latency;
/** Of the standard normal distribution. */
const P99 = 2.326;

/**
 * Reads how long calls take: `80ms` is the median of a distribution shaped like that of the sandbox, `45..300ms` its
 * least value and its 99th percentile, `80..80ms` always the same.
 */
export function parseLatency(text: string): Parsed<Latency> {
  const [, least, most = ""] = /^\s*(\d+(?:\.\d+)?)\s*\.\.\s*(.+)$/.exec(text) ?? [];
  if (least === undefined) return fromMedian(text);
  const unit = /[a-z]+\s*$/.exec(most)?.[0] ?? "";
  const [leastMs, p99Ms] = [parseDuration(`${least}${unit}`), parseDuration(most)];
  if (!leastMs.ok) return leastMs;
  if (!p99Ms.ok) return p99Ms;
  if (leastMs.value > p99Ms.value) return refused(`"${text}": the least is more than the most`);
  const aboveLeastMs = (p99Ms.value - leastMs.value) / Math.exp(USUAL.spread * P99);
  return parsed({ leastMs: leastMs.value, medianMs: leastMs.value + aboveLeastMs, spread: USUAL.spread });
}

function fromMedian(text: string): Parsed<Latency> {
  const medianMs = parseDuration(text);
  if (!medianMs.ok) return medianMs;
  const leastMs = (medianMs.value * USUAL.leastMs) / USUAL.medianMs;
  return parsed({ leastMs, medianMs: medianMs.value, spread: USUAL.spread });
}
