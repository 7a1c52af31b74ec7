import { parsed, refused, type Parsed } from "./parsed.ts";

/** ISO 8601 extended format, seconds and offset included; no offset on earth is beyond 14 hours. */
export const DATE_TIME =
  /^[0-9]{4}-[0-9]{2}-([0-9]{2})T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|([+-])(0[0-9]|1[0-4]):([0-5][0-9]))$/;

const CHINA_OFFSET_MS = 8 * 3_600_000;

/** An ISO 8601 date-time with seconds and offset to milliseconds since the epoch; finer fractions are cut off. */
export function parseInstant(text: string): Parsed<number> {
  const match = DATE_TIME.exec(text);
  if (match === null) {
    return refused(
      "must be an ISO 8601 date and time with seconds and offset, such as 2026-11-23T08:00:00+08:00",
    );
  }
  const [, day = "", sign = "+", hours = "0", minutes = "0"] = match;
  const offsetMs = Number(`${sign}1`) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  const instantMs = Date.parse(text);
  // Date.parse takes 30 February for 2 March and 24:00 for the next day: what exists is on the day that was written.
  const exists = new Date(instantMs + offsetMs).getUTCDate() === Number(day);
  return exists ? parsed(instantMs) : refused("is a date or time that does not exist");
}

/** Four digits of a year have room for no more. */
const FIRST_MS = Date.parse("0000-01-01T00:00:00+08:00");
const LAST_MS = Date.parse("9999-12-31T23:59:59.999+08:00");

/** Whether formatInstant can write it so that it is read back: what strangers date may be no moment at all. */
export const isWritableInstant = (epochMs: number): boolean => epochMs >= FIRST_MS && epochMs <= LAST_MS;

/** ISO 8601 with milliseconds, on China's clock: "2026-11-23T08:00:00.412+08:00". @throws RangeError beyond what a date can be */
export function formatInstant(epochMs: number): string {
  return `${new Date(epochMs + CHINA_OFFSET_MS).toISOString().slice(0, -1)}+08:00`;
}
