import { describe, expect, it } from "vitest";
import { sampleBody } from "../../support/sample-transaction.ts";
import { folderOf } from "../../unit/cli/folder.ts";
import { riskline, RisklineProcess } from "../../unit/cli/riskline-process.ts";
import { proxyTo, testBroker } from "../amqp/broker.ts";

const line = (number: number): string => JSON.stringify(sampleBody({ transactionId: `T${number}` }));

const fileOf = (count: number): string =>
  Array.from({ length: count }, (_, index) => `${line(index + 1)}\n`).join("");

describe("riskline publish", () => {
  it("publishes each line as it is, good or bad, and declares the topology if it is the first", async () => {
    const broker = await testBroker({ isDeclared: false });
    const lines = [
      Buffer.from(line(1)),
      Buffer.from('{"a":1}\r'),
      Buffer.from([0xff, 0x00]),
      Buffer.from(" []"),
    ];
    const blank = Buffer.from("\n\r\n");
    const written = lines.flatMap((bytes) => [bytes, Buffer.from("\n"), blank]);
    const cwd = folderOf({ "a.ndjson": Buffer.concat(written) });
    const env = { AMQP_URL: broker.url, NAMESPACE: broker.namespace };
    const { status, stdout, stderr } = await riskline(["publish", "a.ndjson", "--json"], { cwd, env });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(JSON.parse(stdout)).toMatchObject({
      published: 4,
      refused: 0,
      bytes: lines.reduce((sum, { length }) => sum + length, 0),
      exchange: broker.names.exchanges.transactions,
      routingKey: "transaction.standard",
      isComplete: true,
      nextSkip: 4,
    });
    for (const [index, bytes] of lines.entries()) {
      const { content, properties } = await broker.take(broker.names.lanes.standard);
      expect(content).toEqual(bytes);
      expect(properties).toMatchObject({ contentType: "application/json", deliveryMode: 2 });
      expect(properties.messageId).toBe(index === 0 ? "T1" : undefined);
    }
  });

  it.each(["urgent", "replay"] as const)("publishes to the %s lane, from standard input", async (lane) => {
    const broker = await testBroker();
    const env = { AMQP_URL: broker.url, NAMESPACE: broker.namespace };
    const { status } = await riskline(["publish", "-", "--lane", lane], { env, input: line(1) });
    expect(status).toBe(0);
    expect((await broker.take(broker.names.lanes[lane])).content.toString()).toBe(line(1));
  });

  it("maps CSV rows, and says where it stood when a mapping fails", async () => {
    const broker = await testBroker();
    const cwd = folderOf({
      "rows.csv": "id\nA\nB\n\nC\nD\n",
      "map.ts": `export const mapRow = ({ id }: { id: string }) => {
        if (id === "C") throw new Error("no C");
        return { transactionId: id };
      };`,
    });
    const env = { AMQP_URL: broker.url, NAMESPACE: broker.namespace };
    const publish = (...flags: string[]) =>
      riskline(["publish", "rows.csv", "--map", "map.ts", ...flags], { cwd, env });
    const failed = await publish();
    expect(failed.status).toBe(1);
    expect(failed.stderr).toContain(
      "rows.csv line 5: the mapping failed: no C (published: up to rows.csv line 3; go on with --skip 2)",
    );
    expect(await publish("--skip", "3")).toMatchObject({ status: 0 });
    const inbox = await broker.follow(broker.names.lanes.standard);
    const bodies = [await inbox.next(), await inbox.next(), await inbox.next()];
    expect(bodies.map(({ content }) => content.toString())).toEqual([
      '{"transactionId":"A"}',
      '{"transactionId":"B"}',
      '{"transactionId":"D"}',
    ]);
  });

  it("publishes nothing where --check finds a line that a worker would refuse", async () => {
    const broker = await testBroker();
    const cwd = folderOf({ "bad.ndjson": `${fileOf(3)}nonsense\n`, "good.ndjson": fileOf(3) });
    const env = { AMQP_URL: broker.url, NAMESPACE: broker.namespace };
    const bad = await riskline(["publish", "bad.ndjson", "--check"], { cwd, env });
    expect(bad.status).toBe(1);
    expect(bad.stdout).toContain("bad.ndjson line 4: body is not valid JSON");
    const standard = broker.names.lanes.standard;
    expect(await broker.channel.checkQueue(standard)).toMatchObject({ messageCount: 0 });
    expect(await riskline(["publish", "good.ndjson", "--check"], { cwd, env })).toMatchObject({ status: 0 });
    expect(await broker.channel.checkQueue(standard)).toMatchObject({ messageCount: 3 });
  });

  it("keeps to the rate", async () => {
    const broker = await testBroker();
    const env = { AMQP_URL: broker.url, NAMESPACE: broker.namespace };
    const { stdout } = await riskline(["publish", "-", "--rate", "100", "--limit", "41", "--json"], {
      env,
      input: fileOf(60),
    });
    const { published, seconds } = JSON.parse(stdout);
    expect(published).toBe(41);
    expect(seconds).toBeGreaterThanOrEqual(0.39); // 40 gaps of 10 ms, less a timer's rounding
  });

  it("goes on where it stood when the broker comes back: every line at least once, under the same id", async () => {
    const broker = await testBroker();
    const proxy = await proxyTo(broker.url);
    const inbox = await broker.follow(broker.names.lanes.standard);
    const count = 1_000;
    const cwd = folderOf({ "a.ndjson": fileOf(count) });
    const env = { AMQP_URL: proxy.url, NAMESPACE: broker.namespace };
    const publish = new RisklineProcess(["publish", "a.ndjson", "--rate", "500", "--json"], { cwd, env });
    await inbox.nextWhere(({ properties }) => properties.messageId === "T200");
    proxy.refuse();
    await publish.said("the broker is away, trying again");
    proxy.restore();
    await publish.said("the broker is back");
    const { status, stdout } = await publish.end();
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ published: count, isComplete: true });
    const missing = new Set(Array.from({ length: count - 200 }, (_, index) => `T${index + 201}`));
    while (missing.size > 0) {
      const { properties, content } = await inbox.next();
      expect(JSON.parse(content.toString())).toMatchObject({ transactionId: properties.messageId });
      missing.delete(String(properties.messageId));
    }
  });

  it.each(["SIGINT", "SIGTERM"] as const)(
    "stops at %s, and says with which --skip to go on",
    async (signal) => {
      const broker = await testBroker();
      const inbox = await broker.follow(broker.names.lanes.standard);
      const count = 400;
      const cwd = folderOf({ "a.ndjson": fileOf(count) });
      const env = { AMQP_URL: broker.url, NAMESPACE: broker.namespace };
      const publish = new RisklineProcess(["publish", "a.ndjson", "--rate", "200", "--json"], { cwd, env });
      await inbox.nextWhere(({ properties }) => properties.messageId === "T50");
      publish.signal(signal);
      const stopped = await publish.end();
      expect(stopped.status).toBe(1);
      const { published, nextSkip, isComplete } = JSON.parse(stopped.stdout);
      expect({ nextSkip, isComplete }).toEqual({ nextSkip: published, isComplete: false });
      expect(stopped.stderr).toContain(
        `stopped by ${signal} (published: up to a.ndjson line ${published}; go on with --skip ${published})`,
      );
      const rest = await riskline(["publish", "a.ndjson", "--skip", String(nextSkip)], { cwd, env });
      expect(rest.status).toBe(0);
      for (let number = 51; number <= count; number++) {
        expect((await inbox.next()).properties.messageId).toBe(`T${number}`);
      }
    },
  );

  it("stops though standard input stays open", async () => {
    const broker = await testBroker();
    const inbox = await broker.follow(broker.names.lanes.standard);
    const env = { AMQP_URL: broker.url, NAMESPACE: broker.namespace };
    const publish = new RisklineProcess(["publish", "-"], { env });
    publish.write(fileOf(1));
    await inbox.next();
    publish.signal("SIGINT");
    await publish.said("go on with --skip 1");
    expect((await publish.end()).status).toBe(1);
  });
});
