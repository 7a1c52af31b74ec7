import { createHash } from "node:crypto";
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
  /** Results by transaction, repeats included. */
  readonly resultsById = new Map<string, RiskResult[]>();
  /** One for each body that was dead-lettered. */
  readonly deadLetterDigests = new Set<string>();
  readonly #model: ChannelModel;
  readonly #arrivals = new EventEmitter();

  static async start(
    amqpUrl: string,
    namespace: string,
    { takesDeadLetters = true } = {},
  ): Promise<OutcomeCollector> {
    const model = await connect(amqpUrl);
    const collector = new OutcomeCollector(model);
    const channel = await model.createChannel();
    await channel.prefetch(1_000);
    const collect = (queue: string, take: (message: CollectedMessage) => void) =>
      channel.consume(queue, (message) => {
        if (message === null) return;
        take({ body: message.content, properties: message.properties, fields: message.fields });
        channel.ack(message);
        collector.#arrivals.emit("arrival");
      });
    await collect(`${namespace}.results`, (message) => collector.#takeResult(message));
    if (takesDeadLetters)
      await collect(`${namespace}.dead-letters`, (message) => collector.#takeDeadLetter(message));
    return collector;
  }

  private constructor(model: ChannelModel) {
    this.#model = model;
    this.#arrivals.setMaxListeners(0);
  }

  #takeResult(message: CollectedMessage): void {
    this.results.push(message);
    const result = riskResultSchema.parse(JSON.parse(message.body.toString()));
    const earlier = this.resultsById.get(result.transactionId);
    if (earlier === undefined) this.resultsById.set(result.transactionId, [result]);
    else earlier.push(result);
  }

  #takeDeadLetter(message: CollectedMessage): void {
    this.deadLetters.push(message);
    this.deadLetterDigests.add(createHash("sha256").update(message.body).digest("hex"));
  }

  /** Resolves once the condition holds; looked at on each arrival. */
  async until(condition: (collector: this) => boolean, signal: AbortSignal): Promise<void> {
    while (!condition(this)) await once(this.#arrivals, "arrival", { signal });
  }

  async close(): Promise<void> {
    await this.#model.close();
  }
}
