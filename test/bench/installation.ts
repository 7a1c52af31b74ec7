import { connect, type ChannelModel, type ConfirmChannel } from "amqplib";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { declareTopology } from "../../shared/amqp/declare-topology.ts";
import { topologyOf } from "../../shared/amqp/topology.ts";
import { closeRedis, openRedis, type RedisClient } from "../../shared/redis/connection.ts";
import { ledgerKeys } from "../../shared/redis/ledger/ledger-keys.ts";
import { newNamespace } from "../support/new-namespace.ts";
import { removeKeys } from "../../shared/redis/remove-keys.ts";
import { removeTopology } from "../support/remove-topology.ts";
import { sandboxKeys } from "../support/sandbox-keys.ts";
import type { BenchContext } from "./bench-case.ts";
import { Contender } from "./contender.ts";
import { nextBody } from "./next-body.ts";

const RISKLINE = fileURLToPath(new URL("../../scripts/cli/riskline.js", import.meta.url));
const PUBLISHED_AT_ONCE = 5_000;
const LOOK_EVERY_MS = 100;

/** Of a transaction as a producer writes it, what is looked at here. */
export interface TransactionBody {
  readonly transactionId: string;
}

/** Queues, keys and settings of its own on the servers: one for each contender, all of them alike. */
export class Installation {
  readonly namespace: string;
  readonly redis: RedisClient;
  readonly model: ChannelModel;
  readonly #servers: BenchContext["servers"];
  readonly #channel: ConfirmChannel;
  readonly #gatewayUrl: string;
  #published = 0;

  static async create(servers: BenchContext["servers"], gatewayUrl: string): Promise<Installation> {
    const namespace = newNamespace();
    const model = await connect(servers.amqpUrl);
    await declareTopology(model, topologyOf({ namespace, hasResultsQueue: true }));
    const channel = await model.createConfirmChannel();
    const redis = await openRedis(servers.redisUrl);
    return new Installation({ namespace, redis, model, servers, channel, gatewayUrl });
  }

  private constructor(parts: {
    namespace: string;
    redis: RedisClient;
    model: ChannelModel;
    servers: BenchContext["servers"];
    channel: ConfirmChannel;
    gatewayUrl: string;
  }) {
    this.namespace = parts.namespace;
    this.redis = parts.redis;
    this.model = parts.model;
    this.#servers = parts.servers;
    this.#channel = parts.channel;
    this.#gatewayUrl = parts.gatewayUrl;
  }

  /** Settings of whoever works here: a worker's, and the contenders' own take from them what they need. */
  get env(): Readonly<Record<string, string>> {
    const { app, gateway } = sandboxKeys();
    return {
      AMQP_URL: this.#servers.amqpUrl,
      REDIS_URL: this.#servers.redisUrl,
      NAMESPACE: this.namespace,
      ALIPAY_GATEWAY_URL: this.#gatewayUrl,
      ALIPAY_APP_ID: this.namespace,
      ALIPAY_PRIVATE_KEY: app.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      ALIPAY_PUBLIC_KEY: gateway.publicKey.export({ type: "spki", format: "pem" }).toString(),
      // Binds nobody: what is measured is the work, not the waiting.
      ALIPAY_QUOTA: "100000/1s",
      LIMIT_STRIKES_PER_DAY: "1000",
      ALIPAY_QUOTA_HISTORY: "none",
      PSEUDONYM_KEY: "only for benchmarks, and of no use to anybody else",
      HTTP_PORT: "off",
    };
  }

  /** A worker replica as an operator starts it. */
  startWorker(settings: Readonly<Record<string, string>> = {}): Contender {
    return new Contender([RISKLINE, "worker"], { ...this.env, ...settings });
  }

  /** Publishes so many transactions, with ids that go on from the last ones. */
  async publish(count: number): Promise<void> {
    for (let rest = count; rest > 0; rest -= PUBLISHED_AT_ONCE) {
      for (let i = Math.min(rest, PUBLISHED_AT_ONCE); i > 0; i -= 1) this.publishOne();
      await this.#channel.waitForConfirms();
    }
  }

  /** Publishes a body, or the next one, to a lane, and gives its id. A lane that is none makes a dead letter of it. */
  publishOne(body: TransactionBody = nextBody(this.#published++), lane = "standard"): string {
    this.#channel.publish(
      `${this.namespace}.transactions`,
      `transaction.${lane}`,
      Buffer.from(JSON.stringify(body)),
      { contentType: "application/json", messageId: body.transactionId, persistent: true, mandatory: true },
    );
    return body.transactionId;
  }

  /** Messages in a queue that nobody has in hand. */
  async ready(queue: string): Promise<number> {
    return (await this.#channel.checkQueue(`${this.namespace}.${queue}`)).messageCount;
  }

  /** Takes what became of transactions out of Redis, so that a round finds no more in it than the one before. */
  async forgetOutcomes(): Promise<void> {
    for (const kind of ["journal", "result"]) await removeKeys(this.redis, `${this.namespace}:${kind}:*`);
  }

  /**
   * Lets Redis rewrite its append-only file now: it would do so while somebody else is measured, who has not written what makes
   * it long.
   */
  async tidyRedis(): Promise<void> {
    const persistence = (): Promise<string> => this.redis.info("persistence");
    if (!(await persistence()).includes("aof_enabled:1")) return;
    // Redis may have begun one by itself: another one is refused then.
    const noneGoesOn = async (): Promise<void> => {
      while (/aof_rewrite_(in_progress|scheduled):1/.test(await persistence())) await sleep(LOOK_EVERY_MS);
    };
    await noneGoesOn();
    await this.redis.bgrewriteaof();
    await noneGoesOn();
  }

  async purge(queue: string): Promise<void> {
    await this.#channel.purgeQueue(`${this.namespace}.${queue}`);
  }

  async close(): Promise<void> {
    await removeTopology(this.model, this.namespace);
    await this.model.close();
    await removeKeys(this.redis, `${this.namespace}:*`);
    const { namespace: appId } = this;
    const keys = ledgerKeys({ appId, gatewayUrl: this.#gatewayUrl, credentialsId: "" });
    await this.redis.del(Object.values<string>({ ...keys }));
    await closeRedis(this.redis);
  }
}
