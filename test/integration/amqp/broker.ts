import {
  connect as connectRaw,
  type ConfirmChannel,
  type ConsumeMessage,
  type GetMessage,
  type Options,
} from "amqplib";
import { inject, onTestFinished } from "vitest";
import { brokerNames, type BrokerNames } from "../../../shared/amqp/broker-names.ts";
import { connect, type BrokerConnection, type ConnectOptions } from "../../../shared/amqp/connection.ts";
import { declareTopology } from "../../../shared/amqp/declare-topology.ts";
import { createPublisher, type Publisher, type PublisherOptions } from "../../../shared/amqp/publisher.ts";
import { topologyOf } from "../../../shared/amqp/topology.ts";
import { newNamespace } from "../../support/new-namespace.ts";
import { removeTopology } from "../../support/remove-topology.ts";
import { startTcpProxy, type TcpProxy } from "../../support/tcp-proxy.ts";
import { Inbox } from "./inbox.ts";

/** One test's part of the broker, looked at past the code under test; taken away when the test ends. */
export interface TestBroker {
  readonly url: string;
  readonly namespace: string;
  readonly names: BrokerNames;
  /** amqplib's own. */
  readonly channel: ConfirmChannel;
  /** Puts a message on the transactions exchange as any producer would. */
  produce(routingKey: string, body: string, options?: Options.Publish): Promise<void>;
  /** Takes the first ready message. */
  take(queue: string): Promise<GetMessage>;
  /** Everything that arrives on a queue from now on. */
  follow(queue: string): Promise<Inbox<ConsumeMessage>>;
}

export async function testBroker({ isDeclared = true } = {}): Promise<TestBroker> {
  const url = inject("amqpUrl");
  const namespace = newNamespace();
  const names = brokerNames(namespace);
  const model = await connectRaw(url);
  const channel = await model.createConfirmChannel();
  if (isDeclared) await declareTopology(model, topologyOf({ namespace, hasResultsQueue: true }));
  onTestFinished(async () => {
    await removeTopology(model, namespace);
    await model.close();
  });
  return {
    url,
    namespace,
    names,
    channel,
    async produce(routingKey, body, options = {}) {
      channel.publish(names.exchanges.transactions, routingKey, Buffer.from(body), {
        persistent: true,
        ...options,
      });
      await channel.waitForConfirms();
    },
    async take(queue) {
      const message = await channel.get(queue, { noAck: true });
      if (message === false) throw new Error(`${queue} is empty`);
      return message;
    },
    async follow(queue) {
      const inbox = new Inbox<ConsumeMessage>();
      await channel.consume(queue, (message) => message && inbox.put(message), { noAck: true });
      return inbox;
    },
  };
}

/** A supervised connection that is closed when the test ends, and what it reported. */
export async function openConnection(url: string, options: Partial<ConnectOptions> = {}) {
  const events = new Inbox<Parameters<NonNullable<ConnectOptions["onEvent"]>>[0]>();
  const connection = await connect(url, { name: "test", onEvent: events.put, ...options });
  onTestFinished(() => connection.close());
  return { connection, events };
}

/** A publisher that is closed, before its connection, when the test ends. */
export function openPublisher(connection: BrokerConnection, options: PublisherOptions = {}): Publisher {
  const publisher = createPublisher(connection, options);
  onTestFinished(() => publisher.close());
  return publisher;
}

/** A breakable way to the broker. */
export async function proxyTo(url: string): Promise<TcpProxy> {
  const proxy = await startTcpProxy(url);
  onTestFinished(() => proxy.close());
  return proxy;
}
