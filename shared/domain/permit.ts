/** Allows one call, for a moment. */
export interface Permit {
  readonly id: string;
  /** Milliseconds until its call may leave; 0 or less from then on. */
  startsInMs(): number;
  /** False once the permit is too old to be used; asked at the moment when the request leaves. */
  isFresh(): boolean;
}

/** Holds of one replica alone: nobody else's clock is wrong, nobody else's network is cut. */
export const REPLICA_HOLD_KINDS = ["clock-skew", "unreachable"] as const;
export type ReplicaHoldKind = (typeof REPLICA_HOLD_KINDS)[number];

/** Why no call may be made until something changes. */
export const HOLD_KINDS = [
  "banned",
  "permission",
  "strikes",
  "operator",
  ...REPLICA_HOLD_KINDS,
  "budget",
] as const;
export type HoldKind = (typeof HOLD_KINDS)[number];

/** No call is made for as long as it stands; when it is due, one probe finds out whether it is over. */
export interface Hold {
  readonly kind: HoldKind;
  /** The gateway's code that brought it about, or a few words. */
  readonly cause: string;
  /** Milliseconds until a probe may find out whether it is over. */
  readonly remainingMs: number;
}

/** A hold of one replica alone, as it tells it to whoever looks. */
export interface OwnHold extends Hold {
  /** Milliseconds since it began. */
  readonly forMs: number;
}

/** The ledger's answer to a request for a permit. */
export type PermitReply =
  | {
      readonly kind: "granted";
      readonly permit: Permit;
      /** Milliseconds to sleep before the permit may be used: calls are spaced. */
      readonly startInMs: number;
      /** True where the call finds out whether a hold is over. */
      readonly isProbe: boolean;
      /** More of them, where more were asked for and could be had together with it. */
      readonly further: readonly Permit[];
    }
  /** Every window is full, or the brake asks for patience: nobody gets one earlier. */
  | {
      readonly kind: "wait";
      readonly waitMs: number;
      /** Ask again within so long after that, by chance: or the replica nearest to Redis would get every permit. */
      readonly spreadMs: number;
    }
  /** Not for this call, while others may pass. */
  | { readonly kind: "later"; readonly waitMs: number }
  | { readonly kind: "held"; readonly hold: Hold };

/** What the gateway said about our calling it, as far as it concerns other calls. */
export type Signal =
  | { readonly kind: "quota"; readonly code: string; readonly retryAfterMs: number | undefined }
  | { readonly kind: "banned"; readonly code: string }
  | { readonly kind: "permission"; readonly code: string };
