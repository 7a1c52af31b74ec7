import { describe, expect, it } from "vitest";
import { brokerJudge } from "../../../../scripts/cli/doctor/judge-broker.ts";
import { judgeClocks } from "../../../../scripts/cli/doctor/judge-clocks.ts";
import { judgeCredentials } from "../../../../scripts/cli/doctor/judge-credentials.ts";
import { gatewayJudge } from "../../../../scripts/cli/doctor/judge-gateway.ts";
import { redisJudge } from "../../../../scripts/cli/doctor/judge-redis.ts";
import type { BrokerFacts } from "../../../../shared/amqp/probe-broker.ts";
import type { RedisFacts } from "../../../../shared/redis/probe-redis.ts";

const BROKER: BrokerFacts = {
  product: "RabbitMQ",
  version: "4.0.5",
  items: [],
  missingRights: [],
  publishing: { kind: "open", missingRights: [], limit: { kind: "bytes", bytes: 1_048_576 } },
};

const INFO = {
  redis_version: "8.0.1",
  redis_mode: "standalone",
  cluster_enabled: "0",
  role: "master",
  aof_enabled: "1",
  aof_last_write_status: "ok",
  maxmemory_policy: "noeviction",
  maxmemory: "0",
  used_memory: "1000000",
  total_system_memory: "8000000000",
};

const REDIS: RedisFacts = {
  info: INFO,
  config: { appendfsync: "everysec" },
  databaseProblem: undefined,
  rights: { user: "default", mayRunScripts: true, commands: [], keyPatterns: [] },
  clockOffsetMs: 0,
  roundTripMs: 1,
};

const broker = (facts: Partial<BrokerFacts>) =>
  brokerJudge.judge({ facts: { ...BROKER, ...facts }, url: new URL("amqp://broker"), namespace: "risk" });

const redis = (info: Readonly<Record<string, string>>, facts: Partial<RedisFacts> = {}) =>
  redisJudge.judge({
    facts: { ...REDIS, info: { ...INFO, ...info }, ...facts },
    url: new URL("redis://redis"),
    namespace: "risk",
  });

const not = (level: string, findings: ReturnType<typeof redis>) =>
  findings.filter((finding) => finding.level !== level).map(({ id, level: found }) => [id, found]);

describe("what no test server can be", () => {
  it.each([
    ["a broker that is too old", broker({ version: "3.9.29" }), ["broker-version", "problem"]],
    ["a broker of another make", broker({ product: "LavinMQ" }), ["broker-version", "warning"]],
    [
      "a broker that takes only small messages",
      broker({
        publishing: { kind: "open", missingRights: [], limit: { kind: "bytes", bytes: 65_536 } },
      }),
      ["broker-message-limit", "problem"],
    ],
    ["a Redis that is too old", redis({ redis_version: "6.2.14" }), ["redis-version", "problem"]],
    ["a Sentinel", redis({ redis_mode: "sentinel" }), ["redis-mode", "problem"]],
    ["a full disk", redis({ aof_last_write_status: "err" }), ["redis-persistence", "problem"]],
    ["little memory", redis({ maxmemory: "1200000" }), ["redis-memory", "warning"]],
    ["a distant Redis", redis({}, { roundTripMs: 60 }), ["redis-latency", "warning"]],
  ])("%s", (_, findings, expected) => {
    expect(not("ok", findings)).toEqual([expected]);
  });

  it.each(["3.10.0", "3.13.7", "4.1.0"])("takes RabbitMQ %s", (version) => {
    expect(not("ok", broker({ version }))).toEqual([]);
  });

  it("says what it cannot know where INFO is refused", () => {
    const findings = redis({}, { info: undefined });
    expect(findings.find(({ id }) => id === "redis-persistence")).toMatchObject({
      level: "not-checked",
      found: expect.stringContaining("INFO is refused"),
    });
  });
});

describe("clocks", () => {
  const HOUR = 3_600_000;
  it.each([
    { redisOffsetMs: 0, gatewayOffsetMs: 400, levels: ["ok", "ok"] },
    { redisOffsetMs: HOUR, gatewayOffsetMs: HOUR, levels: ["warning", "ok"] },
    { redisOffsetMs: 0, gatewayOffsetMs: HOUR, levels: ["ok", "problem"] },
    { redisOffsetMs: 60_000, gatewayOffsetMs: 0, levels: ["warning", "warning"] },
    { redisOffsetMs: undefined, gatewayOffsetMs: -HOUR, levels: ["not-checked", "problem"] },
    { redisOffsetMs: 0, gatewayOffsetMs: undefined, levels: ["ok", "not-checked"] },
  ])("Redis' $redisOffsetMs, the gateway's $gatewayOffsetMs: $levels", ({ levels, ...view }) => {
    expect(judgeClocks(view).map(({ level }) => level)).toEqual(levels);
  });

  it("says what goes by which", () => {
    expect(judgeClocks({ redisOffsetMs: HOUR, gatewayOffsetMs: HOUR })[0]).toMatchObject({
      found:
        "this machine's clock is 1 h behind Redis'; calls, results and dead letters go by Redis', " +
        "but log lines and the latest errors of `status` by this one",
    });
  });
});

describe("application ids", () => {
  const judge = (appId: string, gatewayUrl: string) =>
    judgeCredentials({
      facts: {
        privateKey: undefined,
        publicKey: undefined,
        isOwnPublicKey: undefined,
        isSignatureGood: undefined,
      },
      application: { appId, gatewayUrl },
    })[0]?.level;
  const ALIPAY = "https://openapi.alipay.com/gateway.do";
  it.each([
    ["2021000000000000", ALIPAY, "ok"],
    ["2088102146225135", ALIPAY, "problem"],
    ["wallet", ALIPAY, "warning"],
    ["wallet", "http://sandbox:8787/gateway.do", "ok"],
    ["wallet", "https://alipay.com.example/gateway.do", "ok"],
  ])("%s at %s: %s", (appId, gatewayUrl, level) => {
    expect(judge(appId, gatewayUrl)).toBe(level);
  });
});

it.each([
  [200, "ok"],
  [403, "ok"],
  [404, "problem"],
  [301, "problem"],
  [407, "problem"],
  [502, "warning"],
])("a gateway that answers HTTP %i: %s", (status, level) => {
  const facts = { status, answeredInMs: 80, clockOffsetMs: 0 };
  const findings = gatewayJudge.judge({ facts, url: new URL("https://gateway"), timeoutMs: 3_000 });
  expect(findings.find(({ id }) => id === "gateway-answer")?.level).toBe(level);
});

it.each([
  ["LOADING Redis is loading the dataset in memory", "wait until it has"],
  ["ERR max number of clients reached", "raise maxclients"],
  ["DENIED Redis is running in protected mode because …", "requirepass"],
])("Redis says %s", (message, cure) => {
  expect(redisJudge.judgeError(new Error(message), new URL("redis://redis"))[0]).toMatchObject({
    id: "redis-connection",
    level: "problem",
    cure: expect.stringContaining(cure),
  });
});
