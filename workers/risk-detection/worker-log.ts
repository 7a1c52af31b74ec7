import { createHash } from "node:crypto";
import type { RiskClientEvents } from "../../shared/alipay/risk-client.ts";
import type { ConnectionEvent } from "../../shared/amqp/connection.ts";
import type { ConsumerObserver } from "../../shared/amqp/consumer.ts";
import type { PublisherOptions } from "../../shared/amqp/publisher.ts";
import type { Budgets } from "../../shared/domain/budget.ts";
import type { Delivery } from "../../shared/domain/delivery.ts";
import { SUCCESS_CODE } from "../../shared/domain/failure.ts";
import type { Disposition } from "../../shared/domain/disposition.ts";
import { errorFields } from "../../shared/process/error-fields.ts";
import type { BrokerRole } from "../../shared/process/health-metrics.ts";
import type { LogFields } from "../../shared/process/log-fields.ts";
import type { Logger } from "../../shared/process/logger.ts";
import type { Metrics } from "../../shared/process/metrics.ts";
import { isUnreadable } from "../../shared/redis/is-unreadable.ts";
import type { Persistence } from "../../shared/redis/persist.ts";
import { atMostEvery } from "./at-most-every.ts";
import type { DeadlineKeeperOptions } from "./deadline-keeper.ts";
import type { FailureBook, NotedFailure } from "./failure-book.ts";
import type { ReplicaHealth } from "./replica-health.ts";
import { createSpendingObserver, type SpendingObserver } from "./spending-observer.ts";
import { logFieldsOf, metricsOf } from "./settled-delivery.ts";
import type { SuspectsOptions } from "./suspects.ts";

/** What goes on for as long as its cause stands is not said each time. */
const SAY_AGAIN_EVERY_MS = 60_000;

type DeadLettering = Extract<Disposition, { action: "dead-letter" }>;

/** Where it is written. */
export interface WorkerLogOptions {
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly health: ReplicaHealth;
  /** What `riskline status` tells of all replicas. */
  readonly failures: Pick<FailureBook, "note">;
  /** What one call costs, in ten-thousandths of a yuan. */
  readonly callPrice: number;
  readonly budgets: Budgets;
}

/** What each part of the worker is given to tell. */
export interface WorkerLog {
  readonly redis: Required<Pick<Persistence, "onTrouble" | "onAnswer">>;
  readonly ledger: { readonly onQuotasDisagree: () => void };
  readonly calls: RiskClientEvents;
  readonly spending: SpendingObserver;
  readonly connection: (role: BrokerRole, event: ConnectionEvent) => void;
  readonly publisher: Required<Pick<PublisherOptions, "onChannelLost">>;
  readonly deadlines: Pick<DeadlineKeeperOptions, "onAnswered" | "onUntold">;
  readonly suspects: Pick<SuspectsOptions<unknown>, "onDeaths">;
  readonly consumer: ConsumerObserver;
}

/** Turns what the worker's parts tell into log lines, metrics and health. */
export function createWorkerLog(options: WorkerLogOptions): WorkerLog {
  const { log } = options;
  return {
    redis: redisObserver(options),
    ledger: {
      onQuotasDisagree: () =>
        log.warn("quotas-disagree", {
          warning: "ALIPAY_QUOTA: other replicas have another; the strictest counts",
        }),
    },
    calls: callObserver(options),
    spending: createSpendingObserver(options),
    connection: connectionObserver(options),
    publisher: {
      onChannelLost: (error, retryInMs) => log.warn("publisher-channel-lost", { error, retryInMs }),
    },
    deadlines: deadlineObserver(options),
    suspects: {
      onDeaths: (delivery, deaths) => log.error("workers-died-of", { ...identityOf(delivery), deaths }),
    },
    consumer: consumerObserver(options),
  };
}

/** That it fails is said at once and then each minute; that it is back, once. What it holds that is none of ours is a fault. */
function redisObserver({ log, metrics, health, failures }: WorkerLogOptions): WorkerLog["redis"] {
  const sayUnreadable = atMostEvery(SAY_AGAIN_EVERY_MS, (error: unknown) => {
    log.error("redis-unreadable", { error });
    failures.note({ event: "redis-unreadable", ...problemOf(error) });
  });
  const onAnswer = (): void => {
    if (health.redisAnswered(performance.now())) log.info("redis-ready");
  };
  return {
    onAnswer,
    onTrouble: (error) => {
      if (isUnreadable(error)) {
        onAnswer(); // it is there
        metrics.faultMet("redis");
        return sayUnreadable(error);
      }
      metrics.redisFailed();
      if (!health.redisFailed(performance.now())) return;
      log.error("redis-away", { error });
      failures.note({ event: "redis-away", ...problemOf(error) });
    },
  };
}

function callObserver({ log, metrics, callPrice, failures }: WorkerLogOptions): RiskClientEvents {
  const sayStale = atMostEvery(SAY_AGAIN_EVERY_MS, () =>
    log.warn("permits-stale", {
      warning: "Redis answers too slowly: permits are too old when their calls could leave, and are given up",
    }),
  );
  return {
    onLimited: (code) => log.warn("calls-limited", { code }),
    onCall: (call) => {
      if (call.code !== SUCCESS_CODE) failures.note({ event: "call-failed", code: call.code });
      metrics.callEnded(call);
      metrics.spent(callPrice);
    },
    onPermit: (waitedMs) => metrics.permitWaited(waitedMs),
    onStale: () => {
      metrics.permitWentStale();
      failures.note({ event: "permit-stale" });
      sayStale();
    },
    onHeld: ({ kind, cause, remainingMs }) => {
      metrics.holdChanged(kind, true);
      log.error("calls-held", { hold: kind, cause, waitMs: Math.round(remainingMs) });
      failures.note({ event: "calls-held", reason: kind, code: cause });
    },
    onReleased: (kind) => {
      metrics.holdChanged(kind, false);
      log.info("calls-released", { hold: kind });
    },
  };
}

function connectionObserver({ log, metrics, failures }: WorkerLogOptions): WorkerLog["connection"] {
  return (role, event) => {
    const { connection } = event;
    switch (event.kind) {
      case "connected":
        metrics.connectionChanged(role, "open");
        return log.info("broker-connected", { connection, server: event.broker });
      case "disconnected":
        metrics.connectionChanged(role, "away");
        log.error("broker-away", { connection, problem: event.problem, retryInMs: event.retryInMs });
        return failures.note({ event: "broker-away", detail: event.problem });
      case "blocked":
        metrics.connectionChanged(role, "blocked");
        log.error("broker-blocked", { connection, cause: event.reason });
        return failures.note({ event: "broker-blocked", detail: event.reason });
      case "unblocked":
        metrics.connectionChanged(role, "open");
        return log.info("broker-unblocked", { connection });
    }
  };
}

function deadlineObserver({ log, metrics, failures }: WorkerLogOptions): WorkerLog["deadlines"] {
  return {
    onAnswered: ({ transactionId, verdict, source, attempts }) => {
      metrics.deadlineMet();
      log.info("deadline-met", { transactionId, verdict, source, calls: attempts });
    },
    onUntold: ({ transactionId }, error) => {
      metrics.faultMet("deadline");
      log.error("deadline-untold", { transactionId, error });
      failures.note({ event: "deadline-untold", transactionId, ...problemOf(error) });
    },
  };
}

/** One log line and one count for each settled delivery; our own faults are loud. */
function consumerObserver({ log, metrics, health, failures }: WorkerLogOptions): ConsumerObserver {
  return {
    onSettled: (delivery, disposition, ms) => {
      log.info("delivery-settled", logFieldsOf(delivery, disposition, ms));
      metrics.deliverySettled(metricsOf(delivery, disposition, ms));
      if (disposition.action === "dead-letter") failures.note(failureOf(disposition));
    },
    onFault: (delivery, error, retryInMs) => {
      metrics.faultMet("handler");
      log.error("handler-failed", { ...identityOf(delivery), error, retryInMs });
      failures.note({ event: "handler-failed", ...problemOf(error) });
    },
    onHeld: (delivery, error, retryInMs) => {
      metrics.faultMet("publishing");
      log.error("publishing-failed", { ...identityOf(delivery), error, retryInMs });
      failures.note({ event: "publishing-failed", ...problemOf(error) });
    },
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

/** By the same digest its dead letter would be found: whether there is a transaction in it, nobody knows here. */
const identityOf = ({ lane, body }: Delivery): LogFields => ({
  lane,
  bodySha256: createHash("sha256").update(body).digest("hex"),
});

function failureOf({ deadLetter, transactionId }: DeadLettering): NotedFailure {
  const { reason, code, detail } = deadLetter;
  return { event: "dead-letter", reason, code, detail, transactionId };
}

function problemOf(error: unknown): Pick<NotedFailure, "code" | "detail"> {
  const { name, code, message } = errorFields(error);
  return { code: code ?? name, detail: message };
}
