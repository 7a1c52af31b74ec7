import { formatInstant } from "../../shared/domain/instant.ts";
import { REPLICA_HOLD_KINDS } from "../../shared/domain/permit.ts";
import type { HoldOverview } from "../../shared/redis/ledger/ledger-overview.ts";
import { lastsUntilResumed } from "../../shared/redis/ledger/operate-ledger.ts";
import { formatDuration } from "./format-duration.ts";

const REPLICA_KINDS: ReadonlySet<string> = new Set(REPLICA_HOLD_KINDS);

/** A hold for a person: why, since when, and what will end it. */
export function formatHold(hold: HoldOverview): string {
  const { kind, code, sinceMs, remainingMs, by } = hold;
  if (kind === "budget") {
    return `${code}, since ${formatInstant(sinceMs)}, another one begins in ${formatDuration(remainingMs)}`;
  }
  const who = REPLICA_KINDS.has(kind) ? `${by} alone` : kind === "operator" ? `by ${by}` : `met by ${by}`;
  return `${code}, since ${formatInstant(sinceMs)}, ${endOf(hold)} (${who})`;
}

function endOf({ remainingMs }: HoldOverview): string {
  if (lastsUntilResumed(remainingMs)) return "until it is resumed";
  return remainingMs > 0 ? `next probe in ${formatDuration(remainingMs)}` : "a probe is due";
}
