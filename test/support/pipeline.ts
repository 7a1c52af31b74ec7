import { connect, type ChannelModel, type ConfirmChannel, type Options } from "amqplib";
import { declareTopology } from "../../shared/amqp/declare-topology.ts";
import { topologyOf } from "../../shared/amqp/topology.ts";
import { closeRedis, openRedis, type RedisClient } from "../../shared/redis/connection.ts";
import { ledgerKeys, type LedgerKeys } from "../../shared/redis/ledger/ledger-keys.ts";
import { startSandbox, type Sandbox, type SandboxOptions } from "../../scripts/sandbox/start-sandbox.ts";
import { newNamespace } from "./new-namespace.ts";
import { OutcomeCollector } from "./outcome-collector.ts";
import { persist } from "../../shared/redis/persist.ts";
import { removeKeys } from "../../shared/redis/remove-keys.ts";
import { removeTopology } from "./remove-topology.ts";
import { sandboxKeys } from "./sandbox-keys.ts";
import { WorkerProcess } from "./worker-process.ts";

export interface PipelineOptions {
  readonly servers: { readonly amqpUrl: string; readonly redisUrl: string };
  readonly sandbox?: Partial<SandboxOptions>;
  /** Settings of all workers, over the harness's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Dead letters stay on their queue: only results are collected. */
  readonly leavesDeadLetters?: boolean;
}

/** A whole installation of its own: sandbox, workers in processes, consumers of what comes out. */
export class Pipeline {
  readonly namespace: string;
  readonly sandbox: Sandbox;
  readonly collector: OutcomeCollector;
  readonly redis: RedisClient;
  readonly workers = new Set<WorkerProcess>();
  readonly #model: ChannelModel;
  readonly #channel: ConfirmChannel;
  /** Settings that everything of this installation is started with. */
  readonly env: Readonly<Record<string, string>>;

  static async start({
    servers,
    sandbox: sandboxOptions = {},
    env = {},
    leavesDeadLetters = false,
  }: PipelineOptions): Promise<Pipeline> {
    const { amqpUrl, redisUrl } = servers;
    const namespace = newNamespace();
    const keys = sandboxKeys();
    const sandbox = await startSandbox({
      appPublicKey: keys.app.publicKey,
      gatewayPrivateKey: keys.gateway.privateKey,
      scenario: "instant",
      quota: [],
      appId: namespace,
      ...sandboxOptions,
    });
    const model = await connect(amqpUrl);
    await declareTopology(model, topologyOf({ namespace, hasResultsQueue: true }));
    return new Pipeline({
      namespace,
      sandbox,
      model,
      channel: await model.createConfirmChannel(),
      collector: await OutcomeCollector.start(amqpUrl, namespace, { takesDeadLetters: !leavesDeadLetters }),
      redis: await openPatiently(redisUrl),
      env: {
        AMQP_URL: amqpUrl,
        REDIS_URL: redisUrl,
        NAMESPACE: namespace,
        ALIPAY_GATEWAY_URL: sandbox.url,
        ALIPAY_APP_ID: sandboxOptions.appId ?? namespace,
        ALIPAY_PRIVATE_KEY: keys.app.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
        ALIPAY_PUBLIC_KEY: keys.gateway.publicKey.export({ type: "spki", format: "pem" }).toString(),
        ALIPAY_QUOTA: "1000/1s",
        ALIPAY_QUOTA_HISTORY: "none",
        HTTP_PORT: "0",
        ...env,
      },
    });
  }

  private constructor(parts: {
    namespace: string;
    sandbox: Sandbox;
    model: ChannelModel;
    channel: ConfirmChannel;
    collector: OutcomeCollector;
    redis: RedisClient;
    env: Readonly<Record<string, string>>;
  }) {
    this.namespace = parts.namespace;
    this.sandbox = parts.sandbox;
    this.collector = parts.collector;
    this.redis = parts.redis;
    this.#model = parts.model;
    this.#channel = parts.channel;
    this.env = parts.env;
  }

  /** Starts a worker and waits until it consumes. */
  async startWorker(env: Readonly<Record<string, string>> = {}): Promise<WorkerProcess> {
    const worker = this.spawnWorker(env);
    await worker.line('"event":"started"');
    return worker;
  }

  spawnWorker(env: Readonly<Record<string, string>> = {}): WorkerProcess {
    const worker = new WorkerProcess({ ...this.env, ...env });
    this.workers.add(worker);
    return worker;
  }

  /** Publishes as any producer would; resolves when the broker has confirmed all. */
  async publish(
    bodies: readonly (Buffer | object)[],
    { lane = "standard", ...options }: { lane?: string } & Options.Publish = {},
  ): Promise<void> {
    for (const body of bodies) {
      const content = Buffer.isBuffer(body) ? body : Buffer.from(JSON.stringify(body));
      this.#channel.publish(`${this.namespace}.transactions`, `transaction.${lane}`, content, {
        contentType: "application/json",
        persistent: true,
        ...options,
      });
    }
    await this.#channel.waitForConfirms();
  }

  /** The names of this installation's quota ledger in Redis. */
  get ledger(): LedgerKeys {
    return ledgerKeys({ appId: this.namespace, gatewayUrl: this.sandbox.url, credentialsId: "" });
  }

  /** Messages in a queue that nobody has in hand. */
  async ready(queue: string): Promise<number> {
    return (await this.#channel.checkQueue(`${this.namespace}.${queue}`)).messageCount;
  }

  /** Ends everything and leaves nothing on the servers. */
  async close(): Promise<void> {
    await Promise.all([...this.workers].map((worker) => worker.end("SIGKILL")));
    await this.collector.close();
    await removeTopology(this.#model, this.namespace);
    await this.#model.close();
    await this.sandbox.close();
    await removeKeys(this.redis, `${this.namespace}:*`);
    await this.redis.del(Object.values<string>({ ...this.ledger }));
    await closeRedis(this.redis);
  }
}

/** A machine that stands still for two seconds, while a dozen installations begin on it, is not what is tested. */
const openPatiently = (redisUrl: string): Promise<RedisClient> => {
  const signal = AbortSignal.timeout(20_000);
  return persist(() => openRedis(redisUrl), { signal, onTrouble: () => undefined });
};
