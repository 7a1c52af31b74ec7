/**
 * Lets the first `limit` different values through and calls all others "other": a label that the outside fills
 * must not grow the number of time series without end.
 */
export function boundedLabels(limit: number): (value: string) => string {
  const seen = new Set<string>();
  return (value) => {
    if (seen.has(value)) return value;
    if (seen.size >= limit || value.length > 100) return "other";
    seen.add(value);
    return value;
  };
}
