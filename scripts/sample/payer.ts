import { hash } from "node:crypto";
import type { Random } from "../sandbox/random.ts";
import { pick } from "./pick.ts";

/** Whoever pays, always with the same device and in the same town. */
export interface Payer {
  readonly userId: string;
  readonly deviceFingerprint: string;
  readonly geolocation: { readonly latitude: number; readonly longitude: number };
}

const TOWNS = [
  { latitude: 31.2304, longitude: 121.4737 }, // Shanghai
  { latitude: 39.9042, longitude: 116.4074 }, // Beijing
  { latitude: 30.2741, longitude: 120.1551 }, // Hangzhou
  { latitude: 22.5431, longitude: 114.0579 }, // Shenzhen
  { latitude: 30.5728, longitude: 104.0668 }, // Chengdu
  { latitude: 34.3416, longitude: 108.9398 }, // Xi'an
] as const;
/** Degrees around the middle of a town. */
const SUBURBS = 0.2;

/** The payer of this number; nobody of this name exists. */
export function payerOf(number: number, seed: number, random: Random): Payer {
  const town = pick(TOWNS, random);
  return {
    userId: `2088${String(seed % 1_000).padStart(3, "0")}${String(number).padStart(9, "0")}`,
    deviceFingerprint: hash("sha256", `device ${seed} ${number}`).slice(0, 32),
    geolocation: {
      latitude: nearby(town.latitude, random),
      longitude: nearby(town.longitude, random),
    },
  };
}

/** To four decimals, about ten metres. */
const nearby = (degrees: number, random: Random): number =>
  Math.round((degrees + (random() - 0.5) * SUBURBS) * 10_000) / 10_000;
