/** The most arrivals within any stretch of so many milliseconds. */
export function busiest(arrivals: readonly number[], windowMs: number): number {
  const sorted = arrivals.toSorted((a, b) => a - b);
  let [oldest, most] = [0, 0];
  for (const [newest, at] of sorted.entries()) {
    while (at - (sorted[oldest] ?? at) >= windowMs) oldest += 1;
    most = Math.max(most, newest - oldest + 1);
  }
  return most;
}
