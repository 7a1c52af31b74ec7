import { brokerNames } from "../../shared/amqp/broker-names.ts";
import {
  topologyOf,
  type ExchangeDeclaration,
  type QueueDeclaration,
  type Topology,
} from "../../shared/amqp/topology.ts";
import { deadLetterSchema } from "../../shared/domain/dead-letter.ts";
import { LANES } from "../../shared/domain/delivery.ts";
import { VERDICTS } from "../../shared/domain/risk-result.ts";

/** Where nothing else is set. */
export const NAMESPACE = "risk";

const names = brokerNames(NAMESPACE);

/** The document's own names of what goes through a channel. */
export type MessageName = "transaction" | "result" | "deadLetter" | "returnedTransaction";

/** What the topology does not say of an exchange or a queue. */
interface ChannelNote {
  readonly id: string;
  readonly kind: "exchange" | "queue";
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly messages: readonly MessageName[];
  /** The routing key: a queue has none, one publishes to its exchange. */
  readonly key?: {
    readonly address: string;
    readonly parameters: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  };
}

const laneNotes = {
  urgent: "Its calls go first; every tenth permit goes to whoever waits longest.",
  standard: "The default.",
  replay:
    "For dead letters that are put back by an operator: only here are headers x-risk-… of a message believed.",
} satisfies Record<(typeof LANES)[number], string>;

/** One for each exchange and queue. */
const CHANNELS: readonly ChannelNote[] = [
  {
    id: "transactions",
    kind: "exchange",
    name: names.exchanges.transactions,
    title: "Transactions, from producers",
    description: "A wrong routing key is no loss: such a message ends as a dead letter.",
    messages: ["transaction"],
    key: {
      address: "transaction.{lane}",
      parameters: {
        lane: {
          enum: [...LANES],
          default: "standard",
          description: "How urgent it is; replay is for operators.",
        },
      },
    },
  },
  ...LANES.map((lane): ChannelNote => ({
    id: `${lane}Transactions`,
    kind: "queue",
    name: names.lanes[lane],
    title: `The ${lane} lane`,
    description: laneNotes[lane],
    messages: ["transaction"],
  })),
  {
    id: "waitingTransactions",
    kind: "queue",
    name: names.waiting,
    title: "Transactions whose call has to wait",
    description: "The workers' own; nobody else publishes or consumes here.",
    messages: ["transaction"],
  },
  {
    id: "results",
    kind: "exchange",
    name: names.exchanges.results,
    title: "Results, to payment systems",
    description:
      "Bind a queue of your own, by routing key or (through an exchange of your own) by the headers.",
    messages: ["result"],
    key: {
      address: "result.{verdict}",
      parameters: { verdict: { enum: [...VERDICTS], description: "The result's verdict." } },
    },
  },
  {
    id: "resultsQueue",
    kind: "queue",
    name: names.results,
    title: "All results, in one queue",
    description: "Where RESULTS_QUEUE is not off. What it refuses goes to the undelivered results.",
    messages: ["result"],
  },
  {
    id: "undeliveredResults",
    kind: "queue",
    name: names.undeliveredResults,
    title: "Results that their queue refused",
    description: "The end of the line.",
    messages: ["result"],
  },
  {
    id: "deadLetters",
    kind: "exchange",
    name: names.exchanges.deadLetters,
    title: "Dead letters, by reason",
    description: "Also takes what no lane is bound to, under the key that it was published with.",
    messages: ["deadLetter", "returnedTransaction"],
    key: {
      address: "{reason}",
      parameters: {
        reason: {
          enum: [...deadLetterSchema.shape.reason.options],
          description: "Why the transaction left the flow, or the wrong routing key it was published with.",
        },
      },
    },
  },
  {
    id: "deadLettersQueue",
    kind: "queue",
    name: names.deadLetters,
    title: "All dead letters, in one queue",
    description: "The end of the line.",
    messages: ["deadLetter", "returnedTransaction"],
  },
];

/** The exchanges and queues of the topology as channels of an AsyncAPI document, by their ids. */
export function channels(): Record<string, unknown> {
  const topology = topologyOf({ namespace: NAMESPACE, hasResultsQueue: true });
  const declared = topology.filter((item) => item.kind !== "binding");
  const entries = declared.map((item) => {
    const note = CHANNELS.find(({ kind, name }) => kind === item.kind && name === item.name);
    if (note === undefined) throw new Error(`no channel describes the ${item.kind} ${item.name}`);
    return [note.id, channelOf(note, item, topology)] as const;
  });
  // In the order in which one reads them.
  const order = CHANNELS.map(({ id }) => id);
  return Object.fromEntries(entries.toSorted(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
}

function channelOf(
  { name, title, description, messages, key }: ChannelNote,
  item: ExchangeDeclaration | QueueDeclaration,
  topology: Topology,
): Record<string, unknown> {
  return {
    address: key?.address ?? name,
    title,
    description,
    messages: Object.fromEntries(
      messages.map((message) => [message, { $ref: `#/components/messages/${message}` }]),
    ),
    ...(key === undefined ? {} : { parameters: key.parameters }),
    bindings: { amqp: item.kind === "exchange" ? exchangeBinding(item) : queueBinding(item, topology) },
  };
}

/** What AsyncAPI's binding has no field for (alternate exchange, arguments, bindings) are extensions of ours. */
function exchangeBinding({ name, alternateExchange }: ExchangeDeclaration): Record<string, unknown> {
  return {
    is: "routingKey",
    exchange: { name, type: "topic", durable: true, autoDelete: false },
    ...(alternateExchange === undefined ? {} : { "x-alternate-exchange": alternateExchange }),
    bindingVersion: "0.3.0",
  };
}

function queueBinding(queue: QueueDeclaration, topology: Topology): Record<string, unknown> {
  const bindings = topology.flatMap((item) =>
    item.kind === "binding" && item.queue === queue.name
      ? [{ exchange: item.exchange, routingKey: item.pattern }]
      : [],
  );
  return {
    is: "queue",
    queue: { name: queue.name, durable: true, exclusive: false, autoDelete: false },
    "x-queue-arguments": queue.arguments,
    "x-bound-to": bindings,
    bindingVersion: "0.3.0",
  };
}
