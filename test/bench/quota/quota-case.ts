import type { ServerSettings } from "../../../scripts/services/server.ts";
import type { Stage } from "./stage.ts";

type Env = Readonly<Record<string, string>>;

/** One way to tempt the quota to break: who calls, and what happens to them meanwhile. */
export interface QuotaCase {
  /** For `--case`. */
  readonly name: string;
  readonly what: string;
  /** As ALIPAY_QUOTA says it; the sandbox judges by the same. */
  readonly quota: string;
  readonly replicas: number;
  /** Each answer takes so long; without, it is the sandbox's usual latency, a median of 74 ms, some much slower. */
  readonly latencyMs?: number;
  /** Settings of all replicas. */
  readonly env?: Env;
  /** Settings of the first replica: the one that is not like the others. */
  readonly envOfFirst?: Env;
  /** A Redis that the case may break, with these settings; without, it shares one. */
  readonly ownRedis?: ServerSettings | undefined;
  /** Happens while a backlog stands; resolves when enough was seen. */
  play(stage: Stage): Promise<void>;
  /** What the replicas must make of the quota while the case plays, from 0 to 1. */
  readonly leastUtilisation?: number;
  /** Sub-codes that the gateway may answer with here; any other refusal breaks the promise. */
  readonly expectedRefusals?: readonly string[];
}

/** How much of a case is played: all of it, or as much as a test run has time for. */
export interface Extent {
  /** For what lasts as long as one likes. */
  readonly seconds: number;
  /** Transactions that wait when the replicas start. */
  readonly backlog: number;
  /** By so much utilisation may stay behind what was promised: where the machine has other work to do. */
  readonly slack: number;
  /** … and so much later than promised may come what has a promised time. */
  readonly lateMs: number;
}

/** What came of a case. */
export interface CaseReport {
  readonly name: string;
  readonly what: string;
  readonly quota: string;
  readonly replicas: number;
  /** From when all replicas had started until the end, with a backlog all the while. */
  readonly seconds: number;
  readonly calls: number;
  readonly admitted: number;
  readonly utilisation: number;
  /** Judged from the first call to the last. */
  readonly windows: readonly { calls: number; windowMs: number; busiest: number }[];
  readonly refusals: Readonly<Record<string, number>>;
  readonly mostCallsOfATransaction: number;
  /** Calls of the replicas that lived all the while: the fewest and the most of one. */
  readonly shares: { readonly least: number; readonly most: number } | undefined;
  /** What else the case measured, by name. */
  readonly figures: Readonly<Record<string, number>>;
  /** For so long the process in which the sandbox counts stood still, at worst. */
  readonly judgeStoodStillMs: number;
  /** Promises that were not kept, a sentence each. */
  readonly broken: readonly string[];
}
