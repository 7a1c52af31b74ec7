import { createHash } from "node:crypto";

/** The ledger's names in Redis. They belong to application and gateway, whatever the namespace is. */
export interface LedgerKeys {
  readonly log: string;
  readonly state: string;
  readonly seconds: string;
  readonly minutes: string;
  readonly quotas: string;
  readonly strikes: string;
  /** Concerns the whole application. */
  readonly freeze: string;
  /** Concerns those who use the same credentials. */
  readonly permission: string;
  /** Who asked lately: replicas by name, with the time. */
  readonly replicas: string;
  /** The quota that an operator set for all replicas. */
  readonly setQuota: string;
  /** The fastest answers. */
  readonly latency: string;
  /** What holds one replica alone, by its name. */
  readonly replicaHolds: string;
}

/** `credentialsId` tells sets of credentials apart and is no secret; what goes into a name is hashed. */
export function ledgerKeys(of: { appId: string; gatewayUrl: string; credentialsId: string }): LedgerKeys {
  const base = `riskline:quota:${shortHash(`${of.appId} ${of.gatewayUrl}`)}`;
  return {
    log: `${base}:log`,
    state: `${base}:state`,
    seconds: `${base}:seconds`,
    minutes: `${base}:minutes`,
    quotas: `${base}:quotas`,
    strikes: `${base}:strikes`,
    freeze: `${base}:freeze`,
    permission: `${base}:permission:${shortHash(of.credentialsId)}`,
    replicas: `${base}:replicas`,
    setQuota: `${base}:set-quota`,
    latency: `${base}:latency`,
    replicaHolds: `${base}:replica-holds`,
  };
}

/** In the order in which ledger.lua names them. */
export const scriptKeys = (keys: LedgerKeys): readonly string[] => [
  keys.log,
  keys.state,
  keys.seconds,
  keys.minutes,
  keys.quotas,
  keys.strikes,
  keys.freeze,
  keys.permission,
  keys.replicas,
  keys.setQuota,
  keys.latency,
  keys.replicaHolds,
];

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("base64url").slice(0, 16);
}
