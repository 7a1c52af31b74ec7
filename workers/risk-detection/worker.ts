import type { Logger } from "../../shared/process/logger.ts";
import type { Metrics } from "../../shared/process/metrics.ts";
import type { Shutdown } from "../../shared/process/shutdown.ts";
import type { FailureBook } from "./failure-book.ts";
import type { prefetchShares } from "./prefetch-shares.ts";
import type { ReplicaHealth } from "./replica-health.ts";
import type { WorkerLog } from "./worker-log.ts";
import type { WorkerSettings } from "./worker-settings.ts";

/** What every part of the worker is built with. */
export interface Worker {
  /** Which replica: in logs, dead letters and holds. */
  readonly name: string;
  readonly settings: WorkerSettings;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly shutdown: Shutdown;
  readonly health: ReplicaHealth;
  readonly failures: FailureBook;
  readonly prefetch: ReturnType<typeof prefetchShares>;
  readonly observers: WorkerLog;
}
