import type { Claim } from "../../shared/domain/claim.ts";

/** A claim on a transaction that nobody knew before, with some fields changed. */
export function sampleClaim(changes: Partial<Claim> = {}): Claim {
  return {
    transactionId: "T202611230000001",
    pseudonym: "p",
    device: () => "device",
    merchantId: "store-17",
    digest: "d",
    token: "t",
    isLeased: true,
    calls: 0,
    forgiven: 0,
    replays: 0,
    nextCallInMs: 0,
    firstTakenUpAtMs: 0,
    nowMs: 0,
    score: undefined,
    ...changes,
  };
}
