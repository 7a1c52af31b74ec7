import { BRAKE_CASES } from "./brake-cases.ts";
import { CALM_CASES, LONG_WINDOW_CASES } from "./calm-cases.ts";
import { FREEZE_CASES } from "./freeze-cases.ts";
import { LANE_CASES } from "./lane-cases.ts";
import type { QuotaCase } from "./quota-case.ts";
import { REDIS_CASES, REDIS_LONG_WINDOW_CASES } from "./redis-cases.ts";
import { REPLICA_CASES } from "./replica-cases.ts";

/** In the order in which they are played. */
export const ALL_CASES: readonly QuotaCase[] = [
  ...CALM_CASES,
  ...LONG_WINDOW_CASES,
  ...REPLICA_CASES,
  ...LANE_CASES,
  ...REDIS_CASES,
  ...REDIS_LONG_WINDOW_CASES,
  ...BRAKE_CASES,
  ...FREEZE_CASES,
];
