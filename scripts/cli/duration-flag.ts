import { InvalidArgumentError } from "commander";
import { parseDuration } from "../plan/parse-duration.ts";

/** A flag that takes a duration such as `90s`, `30m`, `2h` or `7d`, in milliseconds. */
export function durationFlag(text: string): number {
  const duration = parseDuration(text);
  if (duration.ok && duration.value >= 1_000) return duration.value;
  throw new InvalidArgumentError("Wanted: a duration from 1s to 366d, such as 90s, 30m, 2h or 7d.");
}
