import { connect, type Channel, type ConsumeMessage } from "amqplib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { Pipeline } from "../../support/pipeline.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { servers } from "../../support/servers.ts";
import { Inbox } from "../amqp/inbox.ts";

let pipeline: Pipeline;

beforeAll(async () => {
  pipeline = await Pipeline.start({ servers: servers() });
  await pipeline.startWorker();
});

afterAll(() => pipeline.close());

/** The pseudo-queue on which RabbitMQ hands a reply straight to the channel that asked. */
const DIRECT = "amq.rabbitmq.reply-to";

/** A producer that waits for a reply. */
interface Requester {
  readonly channel: Channel;
  readonly replyTo: string;
  readonly replies: Inbox<string>;
}

async function requester(way: "own queue" | "direct"): Promise<Requester> {
  const model = await connect(servers().amqpUrl);
  onTestFinished(() => model.close());
  const channel = await model.createChannel();
  const { queue } = await channel.assertQueue("", { exclusive: true });
  const replyTo = way === "direct" ? DIRECT : queue;
  const replies = new Inbox<string>();
  const take = (message: ConsumeMessage | null) => replies.put(String(message?.content));
  await channel.consume(replyTo, take, { noAck: true });
  return { channel, replyTo, replies };
}

function publish({ channel, replyTo }: Requester, body: Buffer, correlationId: string): void {
  channel.publish(`${pipeline.namespace}.transactions`, "transaction.standard", body, {
    persistent: true,
    replyTo,
    correlationId,
  });
}

/** Where a service that follows reply-to would send its reply. */
async function replyAddress({ channel, replyTo }: Requester): Promise<string> {
  const { queue } = await channel.assertQueue("", { exclusive: true });
  channel.sendToQueue(queue, Buffer.from("where?"), { replyTo });
  const request = await channel.get(queue, { noAck: true });
  return request === false ? "" : String(request.properties.replyTo);
}

const resultsOf = (id: string) =>
  pipeline.collector.results.filter(({ properties }) => properties.messageId === id);

async function resultOf(id: string) {
  await pipeline.collector.until(() => resultsOf(id).length > 0, AbortSignal.timeout(20_000));
  return resultsOf(id)[0];
}

describe.each(["own queue", "direct"] as const)("reply-to, %s", (way) => {
  it("is not followed: the result goes to the results exchange, with the correlation id", async () => {
    const asker = await requester(way);
    const address = await replyAddress(asker);
    const id = `asked-${way.replace(" ", "-")}`;
    publish(asker, Buffer.from(JSON.stringify(sampleBody({ transactionId: id }))), `ask ${id}`);

    const result = await resultOf(id);
    expect(result?.fields.exchange).toBe(`${pipeline.namespace}.results`);
    expect(result?.properties).toMatchObject({ correlationId: `ask ${id}`, replyTo: undefined });

    // Whatever the worker sent for this one has left when the next one's result is there.
    await pipeline.publish([sampleBody({ transactionId: `${id}-next` })]);
    await resultOf(`${id}-next`);
    asker.channel.sendToQueue(address, Buffer.from("the first reply"));
    expect(await asker.replies.next()).toBe("the first reply");
    expect(resultsOf(id)).toHaveLength(1);
  });

  it("stays on a dead letter, whose way it does not change", async () => {
    const asker = await requester(way);
    const address = await replyAddress(asker);
    const body = Buffer.from(`bad, asked by ${way}`);
    publish(asker, body, "ask");

    const deadLetters = () => pipeline.collector.deadLetters.filter((letter) => letter.body.equals(body));
    await pipeline.collector.until(() => deadLetters().length > 0, AbortSignal.timeout(20_000));
    expect(deadLetters()[0]?.properties).toMatchObject({ replyTo: address, correlationId: "ask" });
    expect(deadLetters()[0]?.properties.headers).not.toHaveProperty("x-risk-original-reply-to");

    await pipeline.publish([sampleBody({ transactionId: `after-${way.replace(" ", "-")}` })]);
    await resultOf(`after-${way.replace(" ", "-")}`);
    asker.channel.sendToQueue(address, Buffer.from("the first reply"));
    expect(await asker.replies.next()).toBe("the first reply");
  });
});
