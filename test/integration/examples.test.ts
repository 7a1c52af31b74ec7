import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { connect, type Channel } from "amqplib";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { findProgram } from "../../scripts/services/find-program.ts";
import { validatorOf } from "../support/contract.ts";
import { Pipeline } from "../support/pipeline.ts";
import { Program } from "../support/program.ts";
import { sampleBody } from "../support/sample-transaction.ts";
import { servers } from "../support/servers.ts";

/** Debian's own: another one in the path does not see Debian's packages. */
const PYTHON = "/usr/bin/python3";
const hasPika = (): boolean => spawnSync(PYTHON, ["-c", "import pika"]).status === 0;
const hasTools = (): boolean => ["amqp-publish", "amqp-consume"].every((name) => findProgram(name));

/** What needs a package that is not there is left out, and says so; where .ci/run has brought all of them, it fails. */
function isLeftOut(debianPackage: string, isThere: () => boolean): boolean {
  if (process.env["HAS_ALL_PROGRAMS"] === "yes" || isThere()) return false;
  process.stderr.write(`examples: left out, for want of ${debianPackage}: apt install ${debianPackage}\n`);
  return true;
}

let pipeline: Pipeline;

beforeAll(async () => {
  pipeline = await Pipeline.start({ servers: servers() });
  await pipeline.startWorker();
});

afterAll(() => pipeline.close());

/** An example of the folder, run as its first lines say. */
function example(name: string, env: Readonly<Record<string, string>> = {}): Program {
  const file = fileURLToPath(new URL(`../../examples/${name}`, import.meta.url));
  const [program, args] = name.endsWith(".py") ? [PYTHON, [file]] : [file, []];
  return new Program(program, args, {
    env: { AMQP_URL: servers().amqpUrl, NAMESPACE: pipeline.namespace, ...env },
  });
}

const lines = (...ids: string[]): string =>
  ids.map((transactionId) => `${JSON.stringify(sampleBody({ transactionId }))}\n`).join("");

async function resultOf(id: string, count = 1) {
  const results = () => pipeline.collector.results.filter(({ properties }) => properties.messageId === id);
  await pipeline.collector.until(() => results().length >= count, AbortSignal.timeout(20_000));
  return results();
}

/** A queue's name and a channel to look at it; taken away at the end of the test. */
async function ownQueue(): Promise<{ queue: string; channel: Channel }> {
  const queue = `${pipeline.namespace}.shop`;
  const model = await connect(servers().amqpUrl);
  const channel = await model.createChannel();
  onTestFinished(async () => {
    await channel.deleteQueue(queue);
    await channel.close();
    await model.close();
  });
  return { queue, channel };
}

describe.skipIf(isLeftOut("python3-pika", hasPika))("in Python", () => {
  it("the producer gets each transaction confirmed, and its correlation id comes back", async () => {
    const producer = example("publish_transactions.py");
    producer.write(lines("py-1", "py-2"));
    expect(await producer.end()).toEqual({
      status: 0,
      stdout: "confirmed py-1\nconfirmed py-2\n",
      stderr: "",
    });
    const [message] = await resultOf("py-2");
    expect(message?.properties).toMatchObject({ correlationId: "py-2", contentType: "application/json" });
  });

  it("the producer says what was not confirmed, and goes on after a line that is no transaction", async () => {
    const producer = example("publish_transactions.py");
    producer.write(`no JSON\n${lines("py-3")}`);
    const { status, stdout, stderr } = await producer.end();
    expect({ status, stdout }).toEqual({ status: 1, stdout: "confirmed py-3\n" });
    expect(stderr).toContain("line 1: not published");

    const astray = example("publish_transactions.py", { NAMESPACE: `${pipeline.namespace}.nowhere` });
    astray.write(lines("py-4"));
    expect(await astray.end()).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringMatching(/not confirmed.*NOT_FOUND/),
    });
  });

  it("the consumer shows a verdict once, however often it comes, and not again when it is started anew", async () => {
    const { queue } = await ownQueue();
    const consumer = example("consume_results.py", { QUEUE: queue });
    await consumer.said(`taking result.# off ${queue}`);
    const twice = sampleBody({ transactionId: "py-twice" });
    await pipeline.publish([twice, twice]);
    await resultOf("py-twice", 2);
    await pipeline.publish([sampleBody({ transactionId: "py-last" })]);
    await consumer.said("py-last");
    consumer.signal("SIGTERM");
    expect(await consumer.end()).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^py-twice (approve|review|decline) alipay\npy-last \w+ alipay\n$/),
    });

    const next = example("consume_results.py", { QUEUE: queue });
    await pipeline.publish([sampleBody({ transactionId: "py-after" })]);
    await next.said("py-after");
    expect(next.stdout).toMatch(/^py-after \w+ alipay\n$/); // the others were acked
  });
});

describe.skipIf(isLeftOut("amqp-tools", hasTools))("with the C tools", () => {
  it("amqp-publish publishes transactions", async () => {
    const producer = example("publish-transactions.sh");
    producer.write(lines("c-1", "c-2"));
    expect(await producer.end()).toEqual({ status: 0, stdout: "", stderr: "" });
    await resultOf("c-1");
    await resultOf("c-2");
  });

  it("amqp-publish tells that there is no such exchange", async () => {
    const producer = example("publish-transactions.sh", { NAMESPACE: `${pipeline.namespace}.nowhere` });
    producer.write(lines("c-3"));
    expect(await producer.end()).toMatchObject({ status: 1, stderr: expect.stringContaining("NOT_FOUND") });
  });

  it("amqp-consume hands on results", async () => {
    const { queue, channel } = await ownQueue();
    await channel.assertQueue(queue, { durable: true, arguments: { "x-queue-type": "quorum" } });
    await channel.bindQueue(queue, `${pipeline.namespace}.results`, "result.#");
    const consumer = example("consume-results.sh", { QUEUE: queue });
    await pipeline.publish([sampleBody({ transactionId: "c-4" })]);
    await consumer.said('"transactionId":"c-4"');
    expect(JSON.parse(consumer.stdout)).toMatchObject({ transactionId: "c-4", source: "alipay" });
  });
});

describe("the schemas of docs/contract", () => {
  const schema = (name: string): string =>
    readFileSync(new URL(`../../docs/contract/${name}.schema.json`, import.meta.url), "utf8");

  it("take what really comes out", async () => {
    await pipeline.publish([
      sampleBody({ transactionId: "schema-1" }),
      sampleBody({ transactionId: "schema-1", merchantCategoryCode: "5999" }),
    ]);
    const [result] = await resultOf("schema-1");
    await pipeline.collector.until((c) => c.deadLetters.length > 0, AbortSignal.timeout(20_000));
    const [deadLetter] = pipeline.collector.deadLetters;
    const takesResult = validatorOf(schema("result"));
    const takesHeaders = validatorOf(schema("dead-letter-headers"));
    expect([takesResult(JSON.parse(String(result?.body))), takesResult.errors]).toEqual([true, null]);
    expect([takesHeaders(deadLetter?.properties.headers), takesHeaders.errors]).toEqual([true, null]);
    expect(deadLetter?.properties.headers).toMatchObject({ "x-risk-reason": "conflict" });
  });
});
