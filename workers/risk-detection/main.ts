import { flushCompileCache } from "node:module";
import { hostname } from "node:os";
import type { Credentials } from "../../shared/alipay/official-sdk.ts";
import { brokerNames } from "../../shared/amqp/broker-names.ts";
import { consume } from "../../shared/amqp/consumer.ts";
import { createPublisher } from "../../shared/amqp/publisher.ts";
import { exitOnCrash } from "../../shared/process/exit-on-crash.ts";
import { startHttpEndpoint } from "../../shared/process/http-endpoint.ts";
import { createLogger } from "../../shared/process/logger.ts";
import { createMetrics, type MetricsPage } from "../../shared/process/metrics.ts";
import { Shutdown } from "../../shared/process/shutdown.ts";
import { addFailures } from "../../shared/redis/failure-list.ts";
import { Afterwork } from "./afterwork.ts";
import { claimInTurn } from "./claim-in-turn.ts";
import { FailureBook } from "./failure-book.ts";
import { createHandler } from "./handle-transaction.ts";
import { openBroker } from "./open-broker.ts";
import { openDeadlines } from "./open-deadlines.ts";
import { openJournal } from "./open-journal.ts";
import { openLedger } from "./open-ledger.ts";
import { openPatientRedis } from "./open-patient-redis.ts";
import { openRiskClient } from "./open-risk-client.ts";
import { openSuspects } from "./open-suspects.ts";
import { prefetchShares } from "./prefetch-shares.ts";
import { ReplicaHealth } from "./replica-health.ts";
import { scoreInTime } from "./score-in-time.ts";
import { watchQueues } from "./watch-queues.ts";
import { createWorkerLog } from "./worker-log.ts";
import { budgetsOf, circumstancesOf, readWorkerSettings, scoringPolicyOf } from "./worker-settings.ts";
import type { Worker } from "./worker.ts";

/**
 * One worker replica, until SIGTERM or SIGINT. Gives the exit code.
 * @throws SettingsError with every problem of the environment, before anything connects
 */
export async function runWorker(): Promise<number> {
  const { settings, credentials } = readWorkerSettings();
  const name = `${hostname()}:${process.pid}`;
  const log = createLogger({ level: settings.installation.logLevel, worker: name, destination: "stdout" });
  exitOnCrash(log);
  for (const warning of settings.warnings) log.warn("settings-warning", { warning });

  const shutdown = new Shutdown({ graceMs: settings.worker.shutdownGraceMs, log });
  const { metrics, page } = createMetrics();
  const prefetch = prefetchShares(settings.worker.prefetch);
  const health = new ReplicaHealth(Object.keys(prefetch).length);
  const callPrice = settings.calls.priceTenThousandths;
  const budgets = budgetsOf(settings);
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
  const { name, settings, log, metrics, shutdown, health, failures, prefetch, observers } = worker;
  const { namespace } = settings.installation;
  if (settings.worker.httpPort !== "off") {
    const readiness = () => health.readiness();
    const port = settings.worker.httpPort;
    const endpoint = await startHttpEndpoint({ port, readiness, metrics: page, log });
    shutdown.register("http endpoint", endpoint.close);
  }

  const redis = await openPatientRedis(settings.redis.url, observers.redis, shutdown);
  failures.writeTo((noted) => addFailures(redis, namespace, noted));
  shutdown.register("failures", () => failures.close());
  const { journal, pseudonyms } = await openJournal(redis, worker);
  const ledger = openLedger(redis, worker, {
    onBegunAnew: () => void pseudonyms.giveKeyBack().catch(observers.redis.onTrouble),
  });
  const now = () => Date.now() + ledger.clockOffsetMs;
  const client = await openRiskClient(worker, { credentials, journal, ledger, now });

  const consuming = await openBroker("consumer", worker);
  const publisher = createPublisher(await openBroker("publisher", worker), observers.publisher);
  shutdown.register("publisher", () => publisher.close());

  const remind = openDeadlines(worker, { redis, journal, publisher, now });
  const suspects = openSuspects(redis, worker);
  const afterwork = new Afterwork();
  shutdown.register("afterwork", () => afterwork.end());

  shutdown.soft.throwIfAborted();
  const consumer = consume({
    connection: consuming,
    publisher,
    names: brokerNames(namespace),
    prefetch,
    handle: createHandler({
      journal,
      claim: claimInTurn((transaction, token, history, hand) =>
        journal.claim(transaction, token, history, hand),
      ),
      score: scoreInTime((transaction, claim, urgency, hand) =>
        client.score(transaction, claim, urgency, hand),
      ),
      pass: (stage, delivery, hand, work) => suspects.pass(stage, delivery, hand, work),
      afterwards: afterwork.add,
      remind,
      scoringPolicy: scoringPolicyOf(settings),
      upgradesLate: settings.policy.upgradesLate,
      circumstances: circumstancesOf(name, settings),
      now,
    }),
    observer: observers.consumer,
  });
  metrics.watch("deliveriesInHand", () => consumer.inHand);
  shutdown.register("consumer", () => consumer.stop(shutdown.hard));
  watchQueues(consuming, worker);
  shutdown.register("readiness", () => health.stop());
}
