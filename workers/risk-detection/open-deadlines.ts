import { brokerNames } from "../../shared/amqp/broker-names.ts";
import type { Publisher } from "../../shared/amqp/publisher.ts";
import { resultMessage } from "../../shared/amqp/settling-message.ts";
import type { RedisClient } from "../../shared/redis/connection.ts";
import { Deadlines } from "../../shared/redis/journal/deadlines.ts";
import type { PatientJournal } from "../../shared/redis/journal/patient-journal.ts";
import { persist } from "../../shared/redis/persist.ts";
import { DeadlineKeeper } from "./deadline-keeper.ts";
import type { HandlerOptions } from "./handle-transaction.ts";
import { circumstancesOf } from "./worker-settings.ts";
import type { Worker } from "./worker.ts";

/** What answering without a delivery needs besides the worker. */
interface Answering {
  readonly redis: RedisClient;
  readonly journal: PatientJournal;
  readonly publisher: Publisher;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** Gives what remembers a waiting transaction's deadline; from here on, those that are due are answered. */
export function openDeadlines(worker: Worker, answering: Answering): HandlerOptions["remind"] {
  const { name, settings, shutdown, observers } = worker;
  const { redis, journal, publisher, now } = answering;
  const { namespace } = settings.installation;
  const names = brokerNames(namespace);
  const deadlines = new Deadlines(redis, { namespace });
  const keeper = new DeadlineKeeper({
    deadlines,
    store: (claim, outcome, calls, untilMs) => journal.store(claim, outcome, calls, undefined, untilMs),
    publish: (result, { rail, merchantId, correlationId }, signal) =>
      publisher.publish(resultMessage({ result, rail, merchantId }, correlationId, names), signal),
    circumstances: circumstancesOf(name, settings),
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
