const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** A duration in its two largest units, rounded up: "23 h 59 min". */
export function formatDuration(exactMs: number): string {
  const ms = Math.ceil(exactMs);
  const index = UNITS.findIndex(([, unitMs]) => ms >= unitMs);
  const [large, small] = UNITS.slice(index);
  if (index === -1 || large === undefined) return `${ms} ms`;
  if (small === undefined) return `${Math.ceil(ms / large[1])} ${large[0]}`;
  const smalls = Math.ceil(ms / small[1]);
  const [whole, rest] = [Math.floor((smalls * small[1]) / large[1]), smalls % (large[1] / small[1])];
  return rest === 0 ? `${whole} ${large[0]}` : `${whole} ${large[0]} ${rest} ${small[0]}`;
}
