import { createHash } from "node:crypto";
import { hostname } from "node:os";
import { createGateway, type Gateway } from "../../shared/alipay/gateway.ts";
import type { Credentials } from "../../shared/alipay/official-sdk.ts";
import { RiskClient } from "../../shared/alipay/risk-client.ts";
import { brokerNames } from "../../shared/amqp/broker-names.ts";
import { connect, type BrokerConnection, type ConnectionEvent } from "../../shared/amqp/connection.ts";
import { consume, type ConsumerObserver } from "../../shared/amqp/consumer.ts";
import { declareTopology } from "../../shared/amqp/declare-topology.ts";
import { createPublisher } from "../../shared/amqp/publisher.ts";
import { topologyOf } from "../../shared/amqp/topology.ts";
import type { Delivery } from "../../shared/domain/delivery.ts";
import { exitOnCrash } from "../../shared/process/exit-on-crash.ts";
import { startHttpEndpoint } from "../../shared/process/http-endpoint.ts";
import { createLogger, type Logger } from "../../shared/process/logger.ts";
import { createMetrics, type Metrics, type MetricsPage } from "../../shared/process/metrics.ts";
import { readSettings } from "../../shared/process/read-settings.ts";
import { Shutdown } from "../../shared/process/shutdown.ts";
import { checkDatabase, closeRedis, createRedis, type RedisClient } from "../../shared/redis/connection.ts";
import { Journal } from "../../shared/redis/journal.ts";
import { PatientJournal } from "../../shared/redis/patient-journal.ts";
import { PatientLedger } from "../../shared/redis/patient-ledger.ts";
import { persist } from "../../shared/redis/persist.ts";
import { createPseudonymiser } from "../../shared/redis/pseudonym.ts";
import { QuotaLedger } from "../../shared/redis/quota-ledger.ts";
import { createHandler } from "./handle-transaction.ts";
import { readCredentials } from "./read-credentials.ts";
import { ReplicaHealth } from "./replica-health.ts";
import { logFieldsOf, metricsOf } from "./settled-delivery.ts";

/** Sockets that are opened before the first call. */
const WARM_SOCKETS = 4;
/** How the deliveries that a replica may hold are shared out, so that a full lane never blocks another. */
const PREFETCH_SHARES: Readonly<Record<Delivery["lane"], number>> = {
  urgent: 0.25,
  standard: 0.5,
  replay: 0.05,
  waiting: 0.2,
};

const readWorkerSettings = () =>
  readSettings([
    "installation",
    "broker",
    "redis",
    "journal",
    "application",
    "credentials",
    "calls",
    "quota",
    "policy",
    "worker",
  ]);

/** What every part of the worker is built with. */
interface Worker {
  /** Which replica: in logs, dead letters and holds. */
  readonly name: string;
  readonly settings: ReturnType<typeof readWorkerSettings>;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly shutdown: Shutdown;
  readonly health: ReplicaHealth;
}

/**
 * One worker replica, until SIGTERM or SIGINT. Gives the exit code.
 * @throws SettingsError with every problem of the environment, before anything connects
 */
export async function runWorker(): Promise<number> {
  const settings = readWorkerSettings();
  const credentials = readCredentials(settings.application.appId, settings.credentials);
  const name = `${hostname()}:${process.pid}`;
  const log = createLogger({ level: settings.installation.logLevel, worker: name, destination: "stdout" });
  exitOnCrash(log);
  for (const warning of settings.warnings) log.warn("settings-warning", { warning });

  const shutdown = new Shutdown({ graceMs: settings.worker.shutdownGraceMs, log });
  const { metrics, page } = createMetrics();
  const health = new ReplicaHealth(Object.keys(PREFETCH_SHARES).length);
  try {
    await start({ name, settings, log, metrics, shutdown, health }, credentials, page);
    log.info("started");
  } catch (error) {
    if (shutdown.soft.aborted) return await shutdown.finished;
    log.fatal("start-failed", { error });
    return await shutdown.stop("the start failed", 1);
  }
  return await shutdown.finished;
}

/** Builds the worker from the stores up to the consumer; released in reverse. */
async function start(worker: Worker, credentials: Credentials, page: MetricsPage): Promise<void> {
  const { settings, log, shutdown, health } = worker;
  if (settings.worker.httpPort !== "off") {
    const readiness = () => health.readiness();
    const port = settings.worker.httpPort;
    const endpoint = await startHttpEndpoint({ port, readiness, metrics: page, log });
    shutdown.register("http endpoint", endpoint.close);
  }

  const redis = await openRedis(worker);
  const journal = await openJournal(redis, worker);
  const ledger = openLedger(redis, worker);
  const now = () => Date.now() + ledger.clockOffsetMs;
  const gateway = await openGateway(worker, credentials, now);
  const client = openRiskClient(worker, gateway, journal, ledger);

  const consuming = await openBroker("consumer", worker);
  const publisher = createPublisher(await openBroker("publisher", worker));
  shutdown.register("publisher", () => publisher.close());

  shutdown.soft.throwIfAborted();
  const consumer = consume({
    connection: consuming,
    publisher,
    names: brokerNames(settings.installation.namespace),
    prefetch: prefetchOf(settings.worker.prefetch),
    handle: createHandler({
      journal,
      score: (transaction, claim, urgency, signal) => client.score(transaction, claim, urgency, signal),
      scoringPolicy: {
        scoreAbove: settings.policy.scoreAboveFen,
        belowThreshold: settings.policy.belowThreshold,
      },
      circumstances: {
        worker: worker.name,
        verdictLimits: settings.policy,
        retryPolicy: retryPolicyOf(worker),
        callPrice: settings.calls.priceTenThousandths,
      },
      now,
    }),
    observer: observerFor(worker),
  });
  worker.metrics.watchInFlight(() => consumer.inHand);
  shutdown.register("consumer", () => consumer.stop(shutdown.hard));
  shutdown.register("readiness", () => health.stop());
}

/** Waits for Redis however long it takes; credentials that it refuses are for a person to mend. */
async function openRedis(worker: Worker): Promise<RedisClient> {
  const { settings, shutdown } = worker;
  const patience = patienceOf(worker);
  let refusal: Error | undefined;
  const redis = createRedis(settings.redis.url, {
    onReady: patience.onAnswer,
    onTrouble: (error) => {
      patience.onTrouble(error);
      if (/WRONGPASS|NOAUTH|NOPERM/.test(error.message)) refusal = error;
    },
  });
  shutdown.register("redis", () => closeRedis(redis));
  await redis.connect().catch(() => undefined); // why not was told as an event, and it goes on trying
  const check = async (): Promise<void> => {
    if (refusal === undefined) await redis.ping();
  };
  await persist(check, { ...patience, signal: shutdown.soft });
  if (refusal !== undefined)
    throw new Error("REDIS_URL: Redis refuses these credentials", { cause: refusal });
  await checkDatabase(redis).catch((error: unknown) => {
    throw new Error("REDIS_URL: the database cannot be used", { cause: error });
  });
  return redis;
}

/** What is said of Redis by those who wait for it: that it fails, once and then each minute; that it is back. */
function patienceOf({ health, log }: Worker) {
  return {
    onTrouble: (error: unknown): void => {
      if (health.redisFailed(performance.now())) log.error("redis-away", { error });
    },
    onAnswer: (): void => {
      if (health.redisAnswered()) log.info("redis-ready");
    },
  };
}

async function openJournal(redis: RedisClient, worker: Worker): Promise<PatientJournal> {
  const { settings, shutdown } = worker;
  const { namespace } = settings.installation;
  const patience = patienceOf(worker);
  const pseudonymise = await persist(
    () => createPseudonymiser(redis, namespace, settings.journal.pseudonymKey),
    { ...patience, signal: shutdown.soft },
  );
  const { cacheTtlSeconds } = settings.policy;
  const callPrice = settings.calls.priceTenThousandths;
  const journal = new Journal(
    redis,
    { namespace, ...settings.journal, cacheTtlSeconds, callPrice },
    pseudonymise,
  );
  shutdown.register("journal", () => journal.close());
  return new PatientJournal(journal, { ...patience, lastMoment: shutdown.hard });
}

function openLedger(redis: RedisClient, worker: Worker): PatientLedger {
  const { settings, name, log } = worker;
  const { quota, application, calls, credentials } = settings;
  const ledger = new QuotaLedger(redis, {
    appId: application.appId,
    gatewayUrl: application.gatewayUrl,
    credentialsId: createHash("sha256").update(credentials.privateKey).digest("base64url"),
    quota: quota.windows,
    history: quota.history,
    timeoutMs: calls.timeoutMs,
    freezeMs: quota.freezeMs,
    strikesPerDay: quota.limitStrikesPerDay,
    worker: name,
    onQuotasDisagree: () =>
      log.warn("quotas-disagree", {
        warning: "ALIPAY_QUOTA: other replicas have another; the strictest counts",
      }),
  });
  return new PatientLedger(ledger, patienceOf(worker));
}

async function openGateway(worker: Worker, credentials: Credentials, now: () => number): Promise<Gateway> {
  const { application, calls } = worker.settings;
  const gatewayUrl = new URL(application.gatewayUrl);
  const gateway = createGateway({ ...credentials, gatewayUrl, timeoutMs: calls.timeoutMs, now });
  worker.shutdown.register("gateway", () => gateway.close());
  await gateway.warmUp(WARM_SOCKETS);
  return gateway;
}

function openRiskClient(
  worker: Worker,
  gateway: Gateway,
  journal: PatientJournal,
  ledger: PatientLedger,
): RiskClient {
  const { settings, metrics, log, shutdown } = worker;
  const client = new RiskClient({
    gateway,
    ledger,
    record: journal,
    retryPolicy: retryPolicyOf(worker),
    timeoutMs: settings.calls.timeoutMs,
    events: {
      onLimited: (code) => log.warn("calls-limited", { code }),
      onCall: (call) => {
        metrics.callEnded(call);
        metrics.spent(settings.calls.priceTenThousandths);
      },
      onPermit: (waitedMs) => metrics.permitWaited(waitedMs),
      onHeld: ({ kind, cause, remainingMs }) => {
        metrics.holdChanged(kind, true);
        log.error("calls-held", { hold: kind, cause, waitMs: Math.round(remainingMs) });
      },
      onReleased: (kind) => {
        metrics.holdChanged(kind, false);
        log.info("calls-released", { hold: kind });
      },
    },
  });
  shutdown.register("risk client", () => client.close());
  return client;
}

const retryPolicyOf = ({ settings: { calls } }: Worker) => ({
  retryLimit: calls.retryLimit,
  initialDelayMs: calls.retryInitialDelayMs,
});

/** Consuming and publishing have a connection each: a broker that is short of memory blocks the publisher's. */
async function openBroker(role: "consumer" | "publisher", worker: Worker): Promise<BrokerConnection> {
  const { settings, shutdown, name, log } = worker;
  const { namespace } = settings.installation;
  const topology = topologyOf({ namespace, hasResultsQueue: settings.broker.hasResultsQueue });
  const connection = await connect(settings.broker.url, {
    name: `riskline ${role} ${name}`,
    prepare: (model) => declareTopology(model, topology),
    onEvent: (event) => logConnection(event, log),
    signal: shutdown.soft,
  });
  shutdown.register(`${role}'s connection`, () => connection.close());
  return connection;
}

function logConnection(event: ConnectionEvent, log: Logger): void {
  const { connection } = event;
  switch (event.kind) {
    case "connected":
      return log.info("broker-connected", { connection, server: event.broker });
    case "disconnected":
      return log.error("broker-away", { connection, problem: event.problem, retryInMs: event.retryInMs });
    case "blocked":
      return log.error("broker-blocked", { connection, cause: event.reason });
    case "unblocked":
      return log.info("broker-unblocked", { connection });
  }
}

function prefetchOf(total: number): Record<Delivery["lane"], number> {
  const share = (lane: Delivery["lane"]) => Math.max(1, Math.floor(total * PREFETCH_SHARES[lane]));
  return {
    urgent: share("urgent"),
    standard: share("standard"),
    replay: share("replay"),
    waiting: share("waiting"),
  };
}

/** One log line and one count for each settled delivery; our own faults are loud. */
function observerFor({ log, metrics, health }: Worker): ConsumerObserver {
  return {
    onSettled: (delivery, disposition, ms) => {
      log.info("delivery-settled", logFieldsOf(delivery, disposition, ms));
      metrics.deliverySettled(metricsOf(delivery, disposition, ms));
    },
    onFault: (_, error, retryInMs) => log.error("handler-failed", { error, retryInMs }),
    onHeld: (_, error, retryInMs) => log.error("publishing-failed", { error, retryInMs }),
    onSubscribed: (queue) => {
      health.subscribed(queue);
      log.info("subscribed", { queue });
    },
    onSubscriptionLost: (queue, error, retryInMs) => {
      health.unsubscribed(queue);
      log.warn("subscription-lost", { queue, error, retryInMs });
    },
  };
}
