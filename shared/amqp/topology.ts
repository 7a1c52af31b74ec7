import { LANES } from "../domain/delivery.ts";
import { brokerNames } from "./broker-names.ts";

/** A durable topic exchange. */
export interface ExchangeDeclaration {
  readonly kind: "exchange";
  readonly name: string;
  /** Takes what no binding matches. */
  readonly alternateExchange?: string;
}

/** A durable quorum queue. */
export interface QueueDeclaration {
  readonly kind: "queue";
  readonly name: string;
  readonly arguments: Readonly<Record<string, string | number>>;
}

/** Messages of an exchange whose routing key fits the pattern go to the queue. */
export interface BindingDeclaration {
  readonly kind: "binding";
  readonly exchange: string;
  readonly pattern: string;
  readonly queue: string;
}

/** What exists on the broker, in the order of declaring: every target before what points at it. */
export type Topology = readonly (ExchangeDeclaration | QueueDeclaration | BindingDeclaration)[];

export interface TopologyOptions {
  readonly namespace: string;
  /** False: no queue of ours takes the results; payment systems bind their own. */
  readonly hasResultsQueue: boolean;
}

/**
 * A backstop against a delivery that comes back for ever, not a mechanism. It has to be set: 4.x limits to 20
 * where nothing is said, and on 3.10 "unlimited" (-1) acts as 0.
 */
const DELIVERY_LIMIT = 1_000_000;

const END_OF_LINE = { "x-queue-type": "quorum", "x-delivery-limit": DELIVERY_LIMIT };

/** At-least-once dead-lettering needs reject-publish. */
const deadLetteringTo = (exchange: string, routingKey: string): QueueDeclaration["arguments"] => ({
  ...END_OF_LINE,
  "x-dead-letter-exchange": exchange,
  "x-dead-letter-routing-key": routingKey,
  "x-dead-letter-strategy": "at-least-once",
  "x-overflow": "reject-publish",
});

/** The topology of one installation (contract, section 1). */
export function topologyOf({ namespace, hasResultsQueue }: TopologyOptions): Topology {
  const names = brokerNames(namespace);
  const { exchanges, lanes } = names;
  const toDeadLetters = deadLetteringTo(exchanges.deadLetters, "poisoned");
  const toUndelivered = deadLetteringTo("", names.undeliveredResults); // the default exchange
  const resultsQueue: Topology = [
    { kind: "queue", name: names.results, arguments: toUndelivered },
    { kind: "binding", exchange: exchanges.results, pattern: "result.#", queue: names.results },
  ];
  return [
    { kind: "exchange", name: exchanges.deadLetters },
    { kind: "queue", name: names.deadLetters, arguments: END_OF_LINE },
    // `#`: a wrong key comes through the alternate exchange under the key it has.
    { kind: "binding", exchange: exchanges.deadLetters, pattern: "#", queue: names.deadLetters },
    { kind: "queue", name: names.undeliveredResults, arguments: END_OF_LINE },
    { kind: "exchange", name: exchanges.results },
    ...(hasResultsQueue ? resultsQueue : []),
    { kind: "queue", name: names.waiting, arguments: toDeadLetters },
    ...LANES.map((lane) => ({ kind: "queue" as const, name: lanes[lane], arguments: toDeadLetters })),
    { kind: "exchange", name: exchanges.transactions, alternateExchange: exchanges.deadLetters },
    ...LANES.map((lane) => ({
      kind: "binding" as const,
      exchange: exchanges.transactions,
      pattern: `transaction.${lane}`,
      queue: lanes[lane],
    })),
  ];
}
