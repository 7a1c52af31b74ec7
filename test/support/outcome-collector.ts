import { EventEmitter, once } from "node:events";
import { connect, type ChannelModel, type ConsumeMessage } from "amqplib";
import { riskResultSchema, type RiskResult } from "../../shared/domain/risk-result.ts";

/** One published outcome, as a payment system or an operator would receive it. */
export interface CollectedMessage {
  readonly body: Buffer;
  readonly properties: ConsumeMessage["properties"];
  readonly fields: ConsumeMessage["fields"];
}

/** Takes results and dead letters off their queues, as their consumers would. */
export class OutcomeCollector {
  readonly results: CollectedMessage[] = [];
  readonly deadLetters: CollectedMessage[] = [];
  readonly #model: ChannelModel;
  readonly #arrivals = new EventEmitter();

  static async start(amqpUrl: string, namespace: string): Promise<OutcomeCollector> {
    const model = await connect(amqpUrl);
    const collector = new OutcomeCollector(model);
    const channel = await model.createChannel();
    await channel.prefetch(1_000);
    const collectInto = (queue: string, messages: CollectedMessage[]) =>
      channel.consume(queue, (message) => {
        if (message === null) return;
        messages.push({ body: message.content, properties: message.properties, fields: message.fields });
        channel.ack(message);
        collector.#arrivals.emit("arrival");
      });
    await collectInto(`${namespace}.results`, collector.results);
    await collectInto(`${namespace}.dead-letters`, collector.deadLetters);
    return collector;
  }

  private constructor(model: ChannelModel) {
    this.#model = model;
    this.#arrivals.setMaxListeners(0);
  }

  /** Results by transaction, repeats included. */
  get resultsById(): Map<string, RiskResult[]> {
    const byId = new Map<string, RiskResult[]>();
    for (const { body } of this.results) {
      const result = riskResultSchema.parse(JSON.parse(body.toString()));
      byId.set(result.transactionId, [...(byId.get(result.transactionId) ?? []), result]);
    }
    return byId;
  }

  /** Resolves once the condition holds; looked at on each arrival. */
  async until(condition: (collector: this) => boolean, signal: AbortSignal): Promise<void> {
    while (!condition(this)) await once(this.#arrivals, "arrival", { signal });
  }

  async close(): Promise<void> {
    await this.#model.close();
  }
}
