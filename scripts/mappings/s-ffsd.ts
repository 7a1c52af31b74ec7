import { createHash } from "node:crypto";
import { formatInstant } from "../../shared/domain/instant.ts";
import type { MapRow } from "../cli/publish/map-row.ts";

/** The file counts seconds from a moment that it does not tell; this one is as good as any. */
const FIRST_SECOND_MS = Date.parse("2026-01-01T00:00:00+08:00");

/** About the mainland of China. */
const LATITUDES = { from: 20, to: 50 };
const LONGITUDES = { from: 80, to: 130 };

/**
 * Makes transactions of S-FFSD, card payments with fraud labels (https://github.com/AI4Risk/antifraud,
 * columns Time, Source, Target, Amount, Location, Type, Labels). Every row becomes one with an id of its own, also
 * those with the amount 0.00, which the risk API does not take.
 */
export const mapRow: MapRow = (row, lineNumber) => {
  const column = (name: string): string => {
    const text = row[name];
    if (text === undefined) throw new Error(`there is no column ${name}`);
    return text;
  };
  return {
    schemaVersion: 1,
    transactionId: `sffsd-${column("Time")}-${lineNumber}`,
    rail: "alipay",
    userId: column("Source"),
    merchantId: column("Target"),
    merchantCategoryCode: fourDigits(column("Type")),
    amount: { value: column("Amount"), currency: "CNY" },
    deviceFingerprint: sha256(column("Source")).toString("hex", 0, 16),
    geolocation: pointOf(column("Location")),
    occurredAt: formatInstant(FIRST_SECOND_MS + Number(column("Time")) * 1_000),
    metadata: { label: column("Labels") },
  };
};

/** The file's types are TP100 to TP265: the number tells them apart. */
function fourDigits(type: string): string {
  return type.replaceAll(/\D/g, "").padStart(4, "0").slice(-4);
}

/** The same place for the same code; where it really is the file does not tell. */
function pointOf(location: string): { latitude: number; longitude: number } {
  const hash = sha256(location);
  return {
    latitude: within(LATITUDES, hash.readUInt32BE(0)),
    longitude: within(LONGITUDES, hash.readUInt32BE(4)),
  };
}

/** To four decimals, about ten metres. */
function within({ from, to }: { from: number; to: number }, bits: number): number {
  return Math.round((from + ((to - from) * bits) / 2 ** 32) * 10_000) / 10_000;
}

const sha256 = (text: string): Buffer => createHash("sha256").update(text).digest();
