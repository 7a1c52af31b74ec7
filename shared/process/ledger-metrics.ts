import { Gauge, type Registry } from "prom-client";
import { HOLD_KINDS, type HoldKind } from "../domain/permit.ts";
import { formatWindow } from "../domain/quota.ts";
import { usefulReplicas, type WindowLoad } from "../domain/useful-replicas.ts";

/** What the worker records of the shared ledger, and of the holds that it keeps or this replica meets. */
export interface LedgerMetrics {
  /** A hold of this kind began or ended, as this replica meets it. */
  readonly holdChanged: (kind: HoldKind, isHeld: boolean) => void;
  /** What the shared ledger says of quota, limit answers and replicas, all of them together. */
  readonly ledgerSeen: (ledger: LedgerSeen, strikeBudget: number) => void;
}

/** The part of the ledger that is worth a metric. */
export interface LedgerSeen {
  readonly windows: readonly WindowLoad[];
  /** Limit answers in the last 24 hours. */
  readonly strikes: number;
  readonly brakeRemainingMs: number;
  /** Those heard of lately. */
  readonly replicas: readonly unknown[];
  /** Holds that the ledger keeps for this replica and others. */
  readonly holds: readonly { readonly kind: string }[];
}

/** Holds that the ledger keeps, so that a replica knows of them before it has a call to make. */
const KEPT_HOLDS: readonly HoldKind[] = ["banned", "permission", "operator"];

/** Registers them. A hold is told by the replica that meets it, and by the ledger where it is everybody's. */
export function ledgerMetrics(registry: Registry): LedgerMetrics {
  const holds = new Gauge({
    name: "riskline_holds",
    help: "1 where calls are held, by kind of hold, as this replica sees it",
    labelNames: ["kind"],
    registers: [registry],
  });
  for (const kind of HOLD_KINDS) holds.set({ kind }, 0);
  const seeLedger = ledgerGauges(registry);
  return {
    holdChanged: (kind, isHeld) => holds.set({ kind }, isHeld ? 1 : 0),
    ledgerSeen: (ledger, strikeBudget) => {
      const held = new Set(ledger.holds.map(({ kind }) => kind));
      for (const kind of KEPT_HOLDS) holds.set({ kind }, held.has(kind) ? 1 : 0);
      holds.set({ kind: "strikes" }, ledger.strikes >= strikeBudget ? 1 : 0);
      seeLedger(ledger, strikeBudget);
    },
  };
}

function ledgerGauges(registry: Registry): LedgerMetrics["ledgerSeen"] {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name: `riskline_${name}`, help, registers });
  const byWindow = (name: string, help: string) =>
    new Gauge({ name: `riskline_quota_${name}`, help, labelNames: ["window"], registers });
  const windowGauges = [
    ["calls", byWindow("calls", "Calls that the quota allows in the window")],
    ["used", byWindow("used", "Calls of all replicas that the window counts")],
    [
      "effective",
      byWindow("effective", "Calls that the window admits, fewer where limit answers taught less"),
    ],
  ] as const;
  const strikes = gauge("strikes", "Limit answers in the last 24 hours");
  const budget = gauge("strike_budget", "Limit answers in 24 hours at which calls stop");
  const brake = gauge("brake_remaining_seconds", "Until the brake is off after a limit answer");
  const replicas = gauge("replicas", "Replicas that the ledger heard of in the last minute");
  const useful = gauge("useful_replicas", "Replicas that the quota can feed; any more only wait");
  return (ledger, strikeBudget) => {
    for (const [what, metric] of windowGauges) {
      metric.reset(); // a window may be gone
      for (const window of ledger.windows)
        metric.set({ window: formatWindow(window.windowMs) }, window[what]);
    }
    strikes.set(ledger.strikes);
    budget.set(strikeBudget);
    brake.set(ledger.brakeRemainingMs / 1_000);
    replicas.set(ledger.replicas.length);
    useful.set(usefulReplicas(ledger.windows));
  };
}
