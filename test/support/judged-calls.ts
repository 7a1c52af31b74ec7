import type { Quota } from "../../shared/domain/quota.ts";
import type { QuotaLedger } from "../../shared/redis/ledger/quota-ledger.ts";
import { QuotaMeter } from "../../scripts/sandbox/quota-meter.ts";
import type { ClockedLedger } from "./clocked-ledger.ts";

export interface JudgedCallsOptions {
  readonly ledger: ClockedLedger;
  readonly replicas: readonly QuotaLedger[];
  /** What the gateway admits at first … */
  readonly limit: Quota;
  /** … and then what it lowers that to, without a word. */
  readonly lowered?: { readonly afterMs: number; readonly limit: Quota };
  readonly durationMs: number;
  /** From leaving to the answer; the call arrives after half of it. */
  readonly latencyMs: number;
}

interface Call {
  readonly replica: QuotaLedger;
  readonly permitId: string;
  readonly departsAtMs: number;
  readonly isAccepted?: boolean | undefined;
}

/** What the gateway saw: when calls arrived, ms since the beginning. */
export interface JudgedCalls {
  readonly accepted: readonly number[];
  readonly refused: readonly number[];
}

/** What happens next, and when. */
type Happening =
  | { readonly atMs: number; readonly kind: "arrival" | "answer"; readonly call: Call }
  | { readonly atMs: number; readonly kind: "question"; readonly replica: QuotaLedger };

/**
 * Replicas with a standing backlog against a gateway that counts every arrival and refuses what is too much; all of
 * it on the ledger's own clock.
 */
export async function judgeCalls(options: JudgedCallsOptions): Promise<JudgedCalls> {
  const { ledger, replicas, limit, lowered, durationMs, latencyMs } = options;
  const meters = [new QuotaMeter(limit), new QuotaMeter(lowered?.limit ?? [])];
  const beganAtMs = ledger.nowMs;
  const seen = { accepted: [] as number[], refused: [] as number[] };
  const happenings: Happening[] = replicas.map((replica) => ({ atMs: beganAtMs, kind: "question", replica }));

  for (;;) {
    const next = happenings.toSorted((a, b) => a.atMs - b.atMs)[0];
    if (next === undefined || next.atMs > beganAtMs + durationMs) return seen;
    happenings.splice(happenings.indexOf(next), 1);
    await ledger.pass(Math.max(0, next.atMs - ledger.nowMs));
    switch (next.kind) {
      case "question": {
        const { replica } = next;
        const reply = await replica.permit(1, 4);
        if (reply.kind === "granted") {
          const call = { replica, permitId: reply.permit.id, departsAtMs: ledger.nowMs + reply.startInMs };
          happenings.push({ atMs: call.departsAtMs + latencyMs / 2, kind: "arrival", call });
          happenings.push({ atMs: call.departsAtMs + 1, kind: "question", replica });
        } else {
          const waitMs = reply.kind === "held" ? reply.hold.remainingMs : reply.waitMs;
          happenings.push({ atMs: ledger.nowMs + Math.min(1_000, waitMs) + 1, kind: "question", replica });
        }
        break;
      }
      case "arrival": {
        const isLowered = lowered !== undefined && ledger.nowMs >= beganAtMs + lowered.afterMs;
        const isAccepted = meters.map((meter) => meter.count(ledger.nowMs))[isLowered ? 1 : 0];
        (isAccepted ? seen.accepted : seen.refused).push(ledger.nowMs - beganAtMs);
        const call = { ...next.call, isAccepted };
        happenings.push({ atMs: call.departsAtMs + latencyMs, kind: "answer", call });
        break;
      }
      case "answer": {
        const { replica, permitId, departsAtMs, isAccepted } = next.call;
        if (isAccepted === true) {
          await replica.answered(permitId, latencyMs);
          break;
        }
        const limited = {
          kind: "quota",
          code: "40005 isv.app-call-limited",
          retryAfterMs: undefined,
        } as const;
        await replica.signal(permitId, limited, ledger.nowMs - departsAtMs);
      }
    }
  }
}
