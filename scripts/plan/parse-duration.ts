import { parsed, refused, type Parsed } from "../../shared/domain/parsed.ts";

const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1_000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
const LONGEST_MS = 366 * 86_400_000;

/** Reads a duration such as `80ms`, `1.5h` or `24h`, to ms. */
export function parseDuration(text: string): Parsed<number> {
  const [, count, unit = ""] = /^\s*(\d{1,9}(?:\.\d{1,6})?)\s*([a-z]{1,2})\s*$/.exec(text) ?? [];
  const ms = Number(count) * (UNIT_MS.get(unit) ?? NaN);
  if (Number.isNaN(ms)) return refused(`"${text}" is not a duration, such as 80ms or 24h (ms, s, m, h, d)`);
  return ms > LONGEST_MS ? refused(`"${text}" is more than a year`) : parsed(ms);
}
