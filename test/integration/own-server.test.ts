import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Redis } from "ioredis";
import { expect, it, onTestFinished, vi } from "vitest";
import { answers } from "../../scripts/services/answers.ts";
import { startOwnServer } from "../../scripts/services/start-own-server.ts";

const SILENT_AFTER_MS = 300;

it("a server that was killed comes back at its address, with its data", async () => {
  const server = await ownRedis();
  const redis = new Redis(server.url);
  redis.on("error", () => undefined); // it is about to be lost
  onTestFinished(() => redis.disconnect());
  await redis.config("SET", "appendfsync", "always");
  await redis.set("kept", "yes");
  await server.kill();
  expect(await answers(server.url, SILENT_AFTER_MS)).toBe(false);
  await server.start();
  expect(await redis.get("kept")).toBe("yes");
});

it("a paused server holds its connections and says nothing until it is resumed", async () => {
  const server = await ownRedis();
  await server.pause();
  expect(await answers(server.url, SILENT_AFTER_MS)).toBe(false);
  await server.resume();
  expect(await answers(server.url, 10_000)).toBe(true);
});

it("a stopped server is gone, even a paused one", async () => {
  const server = await ownRedis();
  await server.pause();
  await server.stop();
  expect(await answers(server.url, SILENT_AFTER_MS)).toBe(false);
});

it("settings reach the server", async () => {
  const server = await startOwnServer("redis", { "maxmemory-policy": "allkeys-lru" }, ignored);
  onTestFinished(() => server.stop());
  const redis = new Redis(server.url);
  onTestFinished(() => redis.disconnect());
  expect(await redis.config("GET", "maxmemory-policy")).toEqual(["maxmemory-policy", "allkeys-lru"]);
});

it.each(["SIGKILL", "SIGINT"] as const)(
  "a server does not outlive a starter that ends by %s",
  async (signal) => {
    const starter = spawn(process.execPath, ["--input-type=module", "--eval", STARTER], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    onTestFinished(() => void starter.kill("SIGKILL"));
    const [url] = await once(createInterface(starter.stdout), "line");
    expect(await answers(String(url), 5_000)).toBe(true);
    starter.kill(signal);
    await vi.waitUntil(async () => !(await answers(String(url), SILENT_AFTER_MS)), { timeout: 20_000 });
  },
);

it("a way that does not exist is a mistake, not a reason to try another one", async () => {
  vi.stubEnv("SERVICES", "container");
  onTestFinished(() => void vi.unstubAllEnvs());
  await expect(startOwnServer("redis", {}, ignored)).rejects.toThrow("SERVICES must be one of");
});

const STARTER = `
  import { startOwnServer } from ${JSON.stringify(new URL("../../scripts/services/start-own-server.ts", import.meta.url))};
  const server = await startOwnServer("redis", {}, () => undefined);
  console.log(server.url);
  setInterval(() => undefined, 60_000);
`;

const ignored = (): void => undefined;

async function ownRedis() {
  const server = await startOwnServer("redis", {}, ignored);
  onTestFinished(() => server.stop());
  return server;
}
