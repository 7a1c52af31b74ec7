import type { Random } from "./random.ts";

/** A log-normal distribution on top of a floor: most answers near the median, a few much later. */
export interface Latency {
  readonly leastMs: number;
  readonly medianMs: number;
  /** Standard deviation of the logarithm; 0 makes every answer take `medianMs`. */
  readonly spread: number;
}

/** Every answer takes the same time; 0 answers at once. */
export const fixedLatency = (ms: number): Latency => ({ leastMs: ms, medianMs: ms, spread: 0 });

/** How long one call takes, drawn from the distribution. */
export function drawLatencyMs({ leastMs, medianMs, spread }: Latency, random: Random): number {
  return leastMs + (medianMs - leastMs) * Math.exp(spread * drawNormal(random));
}

/** Box-Muller; 1 - x keeps the logarithm away from 0. */
function drawNormal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
