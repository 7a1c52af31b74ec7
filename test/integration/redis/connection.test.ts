import { expect, it } from "vitest";
import { closeRedis, createRedis, openRedis } from "../../../shared/redis/connection.ts";
import { servers } from "../../support/servers.ts";
import { startTcpProxy } from "../../support/tcp-proxy.ts";

it("leaves a link that went dead without a word, and builds a new one", { timeout: 20_000 }, async () => {
  const proxy = await startTcpProxy(servers().redisUrl);
  const client = createRedis(proxy.url);
  try {
    await client.connect();
    proxy.abandon();
    await expect(client.ping()).rejects.toThrow("timed out");
    await expect.poll(() => client.ping().catch(() => "away"), { timeout: 10_000 }).toBe("PONG");
  } finally {
    client.disconnect();
    await proxy.close();
  }
});

it("is closed soon where Redis stands still", async () => {
  const proxy = await startTcpProxy(servers().redisUrl);
  try {
    const client = await openRedis(proxy.url);
    const ended = new Promise((resolve) => client.once("end", resolve));
    proxy.stall();
    const fromMs = performance.now();
    await closeRedis(client);
    await ended;
    expect(performance.now() - fromMs).toBeLessThan(3_500);
  } finally {
    await proxy.close();
  }
});
