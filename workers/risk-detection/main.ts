import { createHash } from "node:crypto";
import { flushCompileCache } from "node:module";
import { hostname } from "node:os";
import { createGateway, type Gateway } from "../../shared/alipay/gateway.ts";
import type { Credentials } from "../../shared/alipay/official-sdk.ts";
import { RiskClient } from "../../shared/alipay/risk-client.ts";
import { brokerNames } from "../../shared/amqp/broker-names.ts";
import { connect, type BrokerConnection } from "../../shared/amqp/connection.ts";
import { consume } from "../../shared/amqp/consumer.ts";
import { countQueues } from "../../shared/amqp/count-queues.ts";
import { declareTopology } from "../../shared/amqp/declare-topology.ts";
import { createPublisher, type Publisher } from "../../shared/amqp/publisher.ts";
import { resultMessage } from "../../shared/amqp/settling-message.ts";
import { topologyOf } from "../../shared/amqp/topology.ts";
import { roughValue } from "../../shared/domain/rough-value.ts";
import type { ScoringPolicy } from "../../shared/domain/scoring-policy.ts";
import { flightRoles } from "../../shared/domain/single-flight.ts";
import { exitOnCrash } from "../../shared/process/exit-on-crash.ts";
import type { BrokerRole } from "../../shared/process/health-metrics.ts";
import { startHttpEndpoint } from "../../shared/process/http-endpoint.ts";
import { createLogger, type Logger } from "../../shared/process/logger.ts";
import { createMetrics, type Metrics, type MetricsPage } from "../../shared/process/metrics.ts";
import { readSettings } from "../../shared/process/settings/read-settings.ts";
import { Shutdown } from "../../shared/process/shutdown.ts";
import type { RedisClient } from "../../shared/redis/connection.ts";
import { addFailures } from "../../shared/redis/failure-list.ts";
import { startHeartbeat } from "../../shared/redis/heartbeat.ts";
import { Deadlines } from "../../shared/redis/deadlines.ts";
import { Journal } from "../../shared/redis/journal.ts";
import { ledgerKeys } from "../../shared/redis/ledger-keys.ts";
import { PatientJournal } from "../../shared/redis/patient-journal.ts";
import { PatientLedger } from "../../shared/redis/patient-ledger.ts";
import { persist } from "../../shared/redis/persist.ts";
import { createPseudonymiser } from "../../shared/redis/pseudonym.ts";
import { QuotaLedger } from "../../shared/redis/quota-ledger.ts";
import { SuspectMarks, type SuspectMark } from "../../shared/redis/suspect-marks.ts";
import { DeadlineKeeper } from "./deadline-keeper.ts";
import { FailureBook } from "./failure-book.ts";
import { createHandler, type HandlerOptions } from "./handle-transaction.ts";
import { openPatientRedis } from "./open-patient-redis.ts";
import { prefetchShares } from "./prefetch-shares.ts";
import { readCredentials } from "./read-credentials.ts";
import { readScoringPolicy } from "../../shared/process/settings/read-scoring-policy.ts";
import { ReplicaHealth } from "./replica-health.ts";
import { scoreInTime } from "./score-in-time.ts";
import { Suspects } from "./suspects.ts";
import { createWorkerLog, type WorkerLog } from "./worker-log.ts";

/** Sockets that are opened before the first call. */
const WARM_SOCKETS = 4;
/** About as often as Prometheus looks. */
const COUNT_QUEUES_EVERY_MS = 15_000;

const readWorkerSettings = () =>
  readSettings([
    "installation",
    "broker",
    "redis",
    "journal",
    "application",
    "credentials",
    "calls",
    "spending",
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
  readonly failures: FailureBook;
  readonly prefetch: ReturnType<typeof prefetchShares>;
  readonly observers: WorkerLog;
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
  const prefetch = prefetchShares(settings.worker.prefetch);
  const health = new ReplicaHealth(Object.keys(prefetch).length);
  const callPrice = settings.calls.priceTenThousandths;
  const budgets = budgetsOf({ settings });
  const failures = new FailureBook({ worker: name, now: Date.now });
  const observers = createWorkerLog({ log, metrics, health, failures, callPrice, budgets });
  metrics.watch("isReady", () => Number(health.readiness().ready));
  metrics.watch("redisAnswers", () => Number(health.redisAnswers));
  try {
    const worker = { name, settings, log, metrics, shutdown, health, failures, prefetch, observers };
    await start(worker, credentials, page);
    log.info("started");
    flushCompileCache(); // not only at the end, which may be a kill
  } catch (error) {
    if (shutdown.soft.aborted) return await shutdown.finished;
    log.fatal("start-failed", { error });
    return await shutdown.stop("the start failed", 1);
  }
  return await shutdown.finished;
}

/** Builds the worker from the stores up to the consumer; released in reverse. */
async function start(worker: Worker, credentials: Credentials, page: MetricsPage): Promise<void> {
  const { settings, log, shutdown, health, prefetch, observers } = worker;
  if (settings.worker.httpPort !== "off") {
    const readiness = () => health.readiness();
    const port = settings.worker.httpPort;
    const endpoint = await startHttpEndpoint({ port, readiness, metrics: page, log });
    shutdown.register("http endpoint", endpoint.close);
  }

  const redis = await openPatientRedis(settings.redis.url, observers.redis, shutdown);
  worker.failures.writeTo((failures) => addFailures(redis, settings.installation.namespace, failures));
  shutdown.register("failures", () => worker.failures.close());
  const journal = await openJournal(redis, worker);
  const ledger = openLedger(redis, worker);
  const now = () => Date.now() + ledger.clockOffsetMs;
  const gateway = await openGateway(worker, credentials, now);
  const client = openRiskClient(worker, gateway, journal, ledger);

  const consuming = await openBroker("consumer", worker);
  const publisher = createPublisher(await openBroker("publisher", worker), observers.publisher);
  shutdown.register("publisher", () => publisher.close());

  const remind = openDeadlines(worker, redis, journal, publisher, now);
  const suspects = openSuspects(worker, redis);

  shutdown.soft.throwIfAborted();
  const consumer = consume({
    connection: consuming,
    publisher,
    names: brokerNames(settings.installation.namespace),
    prefetch,
    handle: createHandler({
      journal,
      score: scoreInTime((transaction, claim, urgency, hand) =>
        client.score(transaction, claim, urgency, hand),
      ),
      pass: (stage, delivery, hand, work) => suspects.pass(stage, delivery, hand, work),
      remind,
      scoringPolicy: scoringPolicyOf(worker),
      upgradesLate: settings.policy.upgradesLate,
      circumstances: circumstancesOf(worker),
      now,
    }),
    observer: observers.consumer,
  });
  worker.metrics.watch("deliveriesInHand", () => consumer.inHand);
  shutdown.register("consumer", () => consumer.stop(shutdown.hard));
  shutdown.register("queue counts", startCounting(worker, consuming));
  shutdown.register("readiness", () => health.stop());
}

/** Every replica counts the queues, so that any of them shows the backlog. */
function startCounting({ settings, metrics }: Worker, connection: BrokerConnection): () => void {
  const { namespace } = settings.installation;
  const topology = topologyOf({ namespace, hasResultsQueue: settings.broker.hasResultsQueue });
  return countQueues({
    connection,
    queues: topology.flatMap((part) => (part.kind === "queue" ? [part.name] : [])),
    everyMs: COUNT_QUEUES_EVERY_MS,
    onCounted: (counted) =>
      metrics.queuesCounted(
        counted.flatMap(({ queue, counts }) =>
          counts === undefined ? [] : [{ queue: queue.slice(namespace.length + 1), ...counts }],
        ),
      ),
  });
}

async function openJournal(redis: RedisClient, worker: Worker): Promise<PatientJournal> {
  const { settings, shutdown, observers } = worker;
  const { namespace } = settings.installation;
  const pseudonymise = await persist(
    () => createPseudonymiser(redis, namespace, settings.journal.pseudonymKey),
    { ...observers.redis, signal: shutdown.soft },
  );
  const { cacheTtlSeconds } = settings.policy;
  const callPrice = settings.calls.priceTenThousandths;
  const journal = new Journal(
    redis,
    {
      namespace,
      ledgerKeys: ledgerKeys(ledgerOf(worker)),
      ...settings.journal,
      cacheTtlSeconds,
      callPrice,
      flightRole: flightRoles(scoringPolicyOf(worker), cacheTtlSeconds > 0),
      budgets: budgetsOf(worker),
      ...observers.spending,
    },
    pseudonymise,
  );
  shutdown.register("journal", () => journal.close());
  return new PatientJournal(journal, { ...observers.redis, lastMoment: shutdown.hard });
}

function openLedger(redis: RedisClient, worker: Worker): PatientLedger {
  const { settings, name, observers } = worker;
  const { quota, calls } = settings;
  const ledger = new QuotaLedger(redis, {
    ...ledgerOf(worker),
    quota: quota.windows,
    history: quota.history,
    timeoutMs: calls.timeoutMs,
    freezeMs: quota.freezeMs,
    strikesPerDay: quota.limitStrikesPerDay,
    worker: name,
    ...observers.ledger,
  });
  const patient = new PatientLedger(ledger, observers.redis);
  const stopHeartbeat = startHeartbeat({
    beat: () => patient.heartbeat(),
    onSeen: (overview) => {
      observers.redis.onAnswer();
      worker.metrics.ledgerSeen(overview, quota.limitStrikesPerDay);
    },
    onTrouble: observers.redis.onTrouble,
  });
  worker.shutdown.register("ledger's heartbeat", stopHeartbeat);
  return patient;
}

async function openGateway(worker: Worker, credentials: Credentials, now: () => number): Promise<Gateway> {
  const { application, calls, quota } = worker.settings;
  const gateway = createGateway({
    ...credentials,
    gatewayUrl: new URL(application.gatewayUrl),
    timeoutMs: calls.timeoutMs,
    banCodes: quota.banCodes,
    now,
  });
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
  const { settings, metrics, shutdown, observers } = worker;
  const client = new RiskClient({
    gateway,
    ledger,
    record: journal,
    retryPolicy: retryPolicyOf(worker),
    worthOf: settings.quota.isValueFirst ? ({ amount }) => roughValue(amount) : () => 0,
    whenBudgetIsSpent: settings.spending.whenBudgetIsSpent,
    timeoutMs: settings.calls.timeoutMs,
    events: observers.calls,
  });
  shutdown.register("risk client", () => client.close());
  metrics.watch("callsInFlight", () => client.inFlight);
  metrics.watch("callsWaiting", () => client.waiting);
  return client;
}

/** Gives what remembers a waiting transaction's deadline; from here on, those that are due are answered. */
function openDeadlines(
  worker: Worker,
  redis: RedisClient,
  journal: PatientJournal,
  publisher: Publisher,
  now: () => number,
): HandlerOptions["remind"] {
  const { settings, shutdown, observers } = worker;
  const { namespace } = settings.installation;
  const names = brokerNames(namespace);
  const deadlines = new Deadlines(redis, { namespace, ...settings.journal });
  const keeper = new DeadlineKeeper({
    deadlines,
    store: (claim, outcome, calls, untilMs) => journal.store(claim, outcome, calls, undefined, untilMs),
    publish: (result, { rail, merchantId, correlationId }, signal) =>
      publisher.publish(resultMessage({ result, rail, merchantId }, correlationId, names), signal),
    circumstances: circumstancesOf(worker),
    now,
    ...observers.deadlines,
    onTrouble: observers.redis.onTrouble,
  });
  shutdown.register("deadlines", () => keeper.close());
  return async (deadline, hand) => {
    await persist(() => deadlines.remind(deadline), { ...observers.redis, ...hand });
    keeper.wake();
  };
}

function openSuspects({ settings, shutdown, observers }: Worker, redis: RedisClient): Suspects<SuspectMark> {
  const marks = new SuspectMarks(redis, settings.installation);
  return new Suspects({
    marks: {
      newMark: (delivery, stage) => marks.newMark(delivery, stage),
      // What was paid for is decided about until the last moment, as it is stored.
      set: (mark, { signal, untilMs }) =>
        persist(() => marks.set(mark), {
          ...observers.redis,
          untilMs,
          signal: untilMs === Infinity ? shutdown.hard : signal,
        }),
      clear: (mark) => marks.clear(mark),
    },
    ...observers.suspects,
  });
}

const budgetsOf = ({ settings: { spending } }: Pick<Worker, "settings">) => ({
  day: spending.budgetPerDay,
  month: spending.budgetPerMonth,
});

const scoringPolicyOf = ({ settings }: Worker): ScoringPolicy => readScoringPolicy(settings.policy);

const circumstancesOf = (worker: Worker) => ({
  worker: worker.name,
  verdictLimits: worker.settings.policy,
  fallbackVerdict: worker.settings.policy.fallbackVerdict,
  whenBudgetIsSpent: worker.settings.spending.whenBudgetIsSpent,
  retryPolicy: retryPolicyOf(worker),
  callPrice: worker.settings.calls.priceTenThousandths,
});

/** Whose ledger it is. */
const ledgerOf = ({ settings: { application, credentials } }: Worker) => ({
  appId: application.appId,
  gatewayUrl: application.gatewayUrl,
  credentialsId: createHash("sha256").update(credentials.privateKey).digest("base64url"),
});

const retryPolicyOf = ({ settings: { calls } }: Worker) => ({
  retryLimit: calls.retryLimit,
  initialDelayMs: calls.retryInitialDelayMs,
});

/** Consuming and publishing have a connection each: a broker that is short of memory blocks the publisher's. */
async function openBroker(role: BrokerRole, worker: Worker): Promise<BrokerConnection> {
  const { settings, shutdown, name, observers } = worker;
  const { namespace } = settings.installation;
  const topology = topologyOf({ namespace, hasResultsQueue: settings.broker.hasResultsQueue });
  const connection = await connect(settings.broker.url, {
    name: `riskline ${role} ${name}`,
    prepare: (model) => declareTopology(model, topology),
    onEvent: (event) => observers.connection(role, event),
    signal: shutdown.soft,
  });
  shutdown.register(`${role}'s connection`, () => connection.close());
  return connection;
}
