import type { ScenarioName } from "./scenarios.ts";
import type { WindowPeak } from "./quota-meter.ts";

/** What the gateway saw. Times are ISO 8601 in UTC by the gateway's own clock. */
export interface Report {
  readonly startedAt: string;
  readonly reportedAt: string;
  readonly scenario: ScenarioName;
  readonly calls: {
    /** Requests to the gateway, readable or not. */
    readonly arrived: number;
    /** Those whose signature was right: the ones that count. */
    readonly wellSigned: number;
    readonly firstAt: string | null;
    readonly lastAt: string | null;
  };
  /** By code ("10000", "40005"), or by what happened instead ("http 502", "reset", "10000 unsigned"). */
  readonly answers: Readonly<Record<string, number>>;
  /** By sub-code. */
  readonly refusals: Readonly<Record<string, number>>;
  /** The configured quota, and the most well-signed calls that each window ever held, limited or not. */
  readonly quota: readonly (WindowPeak & { readonly isExceeded: boolean })[];
  readonly ban: {
    /** Limit answers in the last 24 hours. */
    readonly strikes: number;
    readonly isBanned: boolean;
  };
  /** Really wrong ones; a scenario that calls right ones wrong is not counted here. */
  readonly invalidSignatures: number;
  readonly nonceReuses: number;
  /** Time stamp less gateway time: positive where the caller's clock is ahead. */
  readonly timestampSkewMs: { readonly min: number; readonly max: number } | null;
  /** Well-signed calls by transaction. */
  readonly transactions: {
    readonly distinct: number;
    /** Calls that named no transaction. */
    readonly unnamedCalls: number;
    readonly maxCalls: number;
    /** How many transactions had how many calls. */
    readonly histogram: Readonly<Record<string, number>>;
    /** Transactions with more than one call, those with the most first. */
    readonly repeated: {
      readonly total: number;
      readonly most: readonly { readonly transactionId: string; readonly calls: number }[];
    };
  };
}
