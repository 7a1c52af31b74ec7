import { expect, it } from "vitest";
import { createRedis } from "../../../shared/redis/connection.ts";
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
