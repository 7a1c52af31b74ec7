import { describe, expect, it, onTestFinished } from "vitest";
import { watchResults } from "../../../shared/amqp/watch-results.ts";
import { openConnection, openPublisher, proxyTo, testBroker } from "./broker.ts";
import { Inbox } from "./inbox.ts";

describe("watchResults", () => {
  it("sees results, takes none away, and goes on after the link was cut", async () => {
    const broker = await testBroker();
    const proxy = await proxyTo(broker.url);
    const { connection } = await openConnection(proxy.url);
    const publisher = openPublisher((await openConnection(broker.url)).connection);
    const publish = (key: string, body: string): Promise<void> =>
      publisher.publish({
        exchange: broker.names.exchanges.results,
        routingKey: key,
        body: Buffer.from(body),
        properties: {},
      });
    const seen = new Inbox<string>();
    const watching = new Inbox<void>();
    const stop = new AbortController();
    const ended = watchResults({
      connection,
      exchange: broker.names.exchanges.results,
      pattern: "result.decline",
      onResult: (body) => seen.put(body.toString()),
      onWatching: () => watching.put(),
      signal: stop.signal,
    });
    onTestFinished(() => stop.abort());
    await watching.next();
    await publish("result.approve", "a");
    await publish("result.decline", "b");
    expect(await seen.next()).toBe("b");
    proxy.cut();
    await watching.next();
    await publish("result.decline", "c");
    expect(await seen.next()).toBe("c");
    stop.abort();
    await ended;
    for (const body of ["a", "b", "c"]) {
      expect((await broker.take(broker.names.results)).content.toString()).toBe(body);
    }
  });
});
