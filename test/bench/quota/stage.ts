import { setTimeout as sleep } from "node:timers/promises";
import { fixedLatency } from "../../../scripts/sandbox/latency.ts";
import type { FaultName } from "../../../scripts/sandbox/faults.ts";
import type { OwnServer } from "../../../scripts/services/server.ts";
import { startOwnServer } from "../../../scripts/services/start-own-server.ts";
import { parseQuota, type Quota } from "../../../shared/domain/quota.ts";
import { Pipeline, type PipelineOptions } from "../../support/pipeline.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";
import type { WorkerProcess } from "../../support/worker-process.ts";
import { ArrivalLog } from "./arrival-log.ts";
import type { Extent, QuotaCase } from "./quota-case.ts";

const PUBLISHED_AT_ONCE = 2_000;
const RECOVERS_WITHIN_MS = 60_000;
/** This part of what the quota sustains, as margins and a busy machine leave it. */
const FLOWS_FROM = 0.85;

/** A Redis that may be broken. Replicas reach it through the proxy, so that it can be exchanged for another one. */
interface BreakableRedis {
  readonly server: OwnServer;
  readonly proxy: TcpProxy;
}

/** Where a case plays: an installation of its own, a backlog, and everything that can be done to them. */
export class Stage {
  readonly extent: Extent;
  readonly quota: Quota;
  readonly pipeline: Pipeline;
  readonly arrivals: ArrivalLog;
  replicas: readonly WorkerProcess[] = [];
  /** What the case measured. */
  readonly figures: Record<string, number> = {};
  readonly broken: string[] = [];
  readonly #case: QuotaCase;
  readonly #redis: BreakableRedis | undefined;
  readonly #answers: FaultName[];
  readonly #releases: (() => Promise<unknown>)[] = [];
  #published = 0;

  static async set(
    quotaCase: QuotaCase,
    extent: Extent,
    servers: PipelineOptions["servers"],
  ): Promise<Stage> {
    const quota = parseQuota(quotaCase.quota);
    if (!quota.ok) throw new Error(quota.problem);
    const redis = quotaCase.ownRedis && (await startRedis(quotaCase.ownRedis));
    try {
      return await Stage.#on(redis, quota.value, quotaCase, extent, servers);
    } catch (error) {
      await redis?.server.stop();
      throw error;
    }
  }

  static async #on(
    redis: BreakableRedis | undefined,
    quota: Quota,
    quotaCase: QuotaCase,
    extent: Extent,
    servers: PipelineOptions["servers"],
  ): Promise<Stage> {
    const arrivals = new ArrivalLog();
    const answers: FaultName[] = [];
    const pipeline = await Pipeline.start({
      servers: { ...servers, ...(redis && { redisUrl: redis.proxy.url }) },
      sandbox: {
        scenario: "calm",
        ...(quotaCase.latencyMs !== undefined && { latency: fixedLatency(quotaCase.latencyMs) }),
        quota,
        script: (transactionId) => {
          arrivals.note(transactionId);
          return answers.shift();
        },
      },
      env: { ALIPAY_QUOTA: quotaCase.quota, ...quotaCase.env },
    });
    return new Stage(quotaCase, extent, { quota, pipeline, arrivals, answers, redis });
  }

  private constructor(
    quotaCase: QuotaCase,
    extent: Extent,
    parts: {
      quota: Quota;
      pipeline: Pipeline;
      arrivals: ArrivalLog;
      answers: FaultName[];
      redis: BreakableRedis | undefined;
    },
  ) {
    this.#case = quotaCase;
    this.extent = extent;
    this.quota = parts.quota;
    this.pipeline = parts.pipeline;
    this.arrivals = parts.arrivals;
    this.#answers = parts.answers;
    this.#redis = parts.redis;
  }

  /** The Redis that this case may break. */
  get redis(): BreakableRedis {
    if (this.#redis === undefined) throw new Error(`${this.#case.name} has no Redis of its own`);
    return this.#redis;
  }

  /** What all windows admit in the long run, in calls per second. */
  get sustainedRate(): number {
    return Math.min(...this.quota.map(({ calls, windowMs }) => (1_000 * calls) / windowMs));
  }

  /** Notes a promise that was not kept. */
  readonly promise = (isKept: boolean, sentence: string): void => {
    if (!isKept) this.broken.push(sentence);
  };

  /** Taken away with the stage. */
  onClose(release: () => Promise<unknown>): void {
    this.#releases.unshift(release);
  }

  /** Transactions t-0, t-1 … of users u-0, u-1 …, or with other letters than t, on the standard lane or another. */
  async publish(count: number, letter = "t", lane = "standard"): Promise<void> {
    for (let rest = count; rest > 0; rest -= PUBLISHED_AT_ONCE) {
      const bodies = Array.from({ length: Math.min(rest, PUBLISHED_AT_ONCE) }, () => {
        const number = this.#published;
        this.#published += 1;
        return sampleBody({ transactionId: `${letter}-${number}`, userId: `u-${number}` });
      });
      await this.pipeline.publish(bodies, { lane });
    }
  }

  /** So that the backlog does not depend on how long the replicas took to start, while the first of them were calling. */
  async replaceCalled(): Promise<void> {
    await this.publish(this.arrivals.count);
  }

  /** Standard transactions that nobody has in hand. */
  async countWaiting(): Promise<number> {
    return (await this.pipeline.ready("transactions.standard")) + (await this.pipeline.ready("waiting"));
  }

  /** All at once; resolves when all of them consume. */
  async startReplicas(): Promise<void> {
    const { replicas, envOfFirst } = this.#case;
    this.replicas = await Promise.all(
      Array.from({ length: replicas }, (_, index) =>
        this.pipeline.startWorker(index === 0 ? envOfFirst : {}),
      ),
    );
  }

  /** As a crash of the machine would, `kill -9` for each. */
  async killReplicas(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.end("SIGKILL")));
  }

  async run(seconds: number): Promise<void> {
    await sleep(seconds * 1_000);
  }

  /** The next call that is within the quota is answered with this. */
  answerNext(fault: FaultName): void {
    this.#answers.push(fault);
  }

  /** After a fault has ended: waits for a second in which calls flow as before, and notes when that began. */
  async recover(): Promise<void> {
    const endedAtMs = performance.now();
    const secondsSince = (): number => (performance.now() - endedAtMs) / 1_000;
    const flows = (): boolean =>
      secondsSince() >= 1 && this.arrivals.countOfLast(1_000) >= FLOWS_FROM * this.sustainedRate;
    const hasRecovered = await this.arrivals.comesTo(flows, RECOVERS_WITHIN_MS);
    this.figures["recoverySeconds"] = secondsSince() - 1;
    this.promise(hasRecovered, "calls did not flow again after the fault");
  }

  async close(): Promise<void> {
    await this.pipeline.close();
    for (const release of this.#releases) await release();
    await this.#redis?.proxy.close();
    await this.#redis?.server.stop();
  }
}

async function startRedis(settings: Readonly<Record<string, string>>): Promise<BreakableRedis> {
  const server = await startOwnServer("redis", settings, () => undefined);
  return { server, proxy: await startTcpProxy(server.url) };
}
