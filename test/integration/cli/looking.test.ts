import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import type { DeadLetter } from "../../../shared/domain/dead-letter.ts";
import { formatInstant } from "../../../shared/domain/instant.ts";
import type { Outcome } from "../../../shared/domain/outcome.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import { addFailures } from "../../../shared/redis/failure-list.ts";
import type { Journal } from "../../../shared/redis/journal/journal.ts";
import { readLedgerOverview } from "../../../shared/redis/ledger/ledger-overview.ts";
import { ledgerKeys } from "../../../shared/redis/ledger/ledger-keys.ts";
import { QuotaLedger, type LedgerSettings } from "../../../shared/redis/ledger/quota-ledger.ts";
import { removeKeys } from "../../../shared/redis/remove-keys.ts";
import { sampleLedgerSettings } from "../../support/sample-ledger-settings.ts";
import { sampleResult } from "../../support/sample-result.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";
import { claimed, NO_HISTORY, testJournal } from "../../support/test-journal.ts";
import { testRedis } from "../../support/test-redis.ts";
import { riskline, RisklineProcess } from "../../unit/cli/riskline-process.ts";
import { testBroker } from "../amqp/broker.ts";

let redis: RedisClient;
let namespace: string;
let application: { appId: string; gatewayUrl: string };

beforeEach(async () => {
  ({ redis, namespace } = await testRedis());
  application = { appId: randomUUID(), gatewayUrl: "http://127.0.0.1/gateway.do" };
  const ledger = ledgerKeys({ ...application, credentialsId: "" }).log.replace(/log$/, "*");
  onTestFinished(() => removeKeys(redis, ledger));
});

/** What a terminal takes for a command, or does not show. */
const OBEYED = /[^\P{C}\n]/u;

const environment = () => ({
  REDIS_URL: inject("redisUrl"),
  NAMESPACE: namespace,
  ALIPAY_APP_ID: application.appId,
  ALIPAY_GATEWAY_URL: application.gatewayUrl,
  ALIPAY_QUOTA: "10/1s,100/1m,1000/1h",
});

const look = (...args: string[]) => riskline(args, { env: environment() });

const RESULT: Outcome = { kind: "result", result: sampleResult({ transactionId: "T1" }) };

const DEAD_LETTER: DeadLetter = {
  reason: "rejected",
  detail: "the gateway refuses the amount",
  attempts: 1,
  replays: 0,
  failedAt: "2026-11-23T08:00:00.412+08:00",
  worker: "w1",
};

/** Takes the transaction T1 for work, and ends it where there is an outcome. */
async function work(outcome: Outcome | undefined, calls: number): Promise<void> {
  const journal = openJournal();
  const transaction = sampleTransaction({ transactionId: "T1" });
  const claim = claimed(await journal.claim(transaction, journal.newToken(), NO_HISTORY));
  for (let call = 1; call <= calls; call++) await journal.sent(claim, call, `permit-${call}`, 0);
  if (outcome !== undefined) await journal.store(claim, outcome, calls, undefined);
}

/** Takes the transactions up, and lets them wait. */
async function putOff(...transactionIds: readonly string[]): Promise<void> {
  const journal = openJournal();
  for (const transactionId of transactionIds) {
    const transaction = sampleTransaction({ transactionId });
    const claim = claimed(await journal.claim(transaction, journal.newToken(), NO_HISTORY));
    await journal.putOff(claim, transaction.amount);
  }
}

const openJournal = (): Journal =>
  testJournal(
    { redis, namespace },
    {
      ledgerKeys: ledgerKeys({ ...application, credentialsId: "" }),
      journalTtlSeconds: 100,
      cacheTtlSeconds: 100,
    },
  );

describe("riskline result", () => {
  it("shows a stored result, to a person or as it is", async () => {
    await work(RESULT, 2);
    const shown = await look("result", "T1");
    expect(shown).toMatchObject({ status: 0, stderr: "" });
    expect(shown.stdout).toMatch(/^verdict +review$/m);
    expect(shown.stdout).toMatch(/^API calls +2, 0\.04 CNY$/m);
    const stored = await redis.get(`${namespace}:result:T1`);
    expect((await look("result", "T1", "--json")).stdout).toBe(`${stored}\n`);
  });

  it("shows nothing that a terminal would obey, and loses none of it in JSON", async () => {
    const metadata = { note: "\u001B[2J\u009B2J\u202E\nverdict      approve", "\\": "a", '"': "b" };
    const result = sampleResult({ transactionId: "T1", metadata });
    await work({ kind: "result", result }, 2);
    const shown = await look("result", "T1");
    expect(shown.stdout).not.toMatch(OBEYED);
    expect(shown.stdout).not.toMatch(/^verdict +approve$/m);
    const json = await look("result", "T1", "--json");
    expect(json.stdout).not.toMatch(OBEYED);
    expect(JSON.parse(json.stdout)).toEqual(result);
    await redis.set(`${namespace}:result:T1`, JSON.stringify({ ...result, schemaVersion: 2 }));
    expect((await look("result", "T1")).stdout).not.toMatch(OBEYED);
  });

  it.each([
    { title: "was never heard of", prepare: async () => undefined, said: "T1: no such transaction" },
    {
      title: "is a dead letter",
      prepare: () => work({ kind: "dead-letter", deadLetter: DEAD_LETTER }, 1),
      said: "T1: no result: it is a dead letter, rejected: the gateway refuses the amount",
    },
    {
      title: "is a dead letter of a version that says more of it",
      prepare: async () => {
        await work({ kind: "dead-letter", deadLetter: DEAD_LETTER }, 1);
        const body = JSON.stringify({ ...DEAD_LETTER, addedLater: true });
        await redis.hset(`${namespace}:journal:T1`, "body", body);
      },
      said: "T1: no result: it is a dead letter, rejected: the gateway refuses the amount",
    },
    {
      title: "is being worked on",
      prepare: () => work(undefined, 1),
      said: "T1: no result yet; API calls made so far: 1",
    },
    {
      title: "had its time",
      prepare: async () => {
        await work(RESULT, 1);
        await redis.del(`${namespace}:result:T1`);
      },
      said: "T1: had a result, which is no longer stored (RESULT_TTL_SECONDS)",
    },
  ])("of a transaction that $title says so, with status 1", async ({ prepare, said }) => {
    await prepare();
    const { status, stdout, stderr } = await look("result", "T1");
    expect({ status, stdout }).toEqual({ status: 1, stdout: "" });
    expect(stderr).toContain(said);
  });
});

describe("riskline result of what no version of ours stored", () => {
  it.each([
    { title: "no JSON", write: () => redis.set(`${namespace}:result:T1`, "\u001B[2Jgarbage"), key: "result" },
    {
      title: "an unknown end",
      write: () => redis.hset(`${namespace}:journal:T1`, "kind", "odd"),
      key: "journal",
    },
    {
      title: "no count of calls",
      write: () => redis.hset(`${namespace}:journal:T1`, "calls", "x"),
      key: "journal",
    },
    {
      title: "a dead letter without JSON",
      write: () => redis.hset(`${namespace}:journal:T1`, { kind: "dead-letter", body: "{" }),
      key: "journal",
    },
  ])("says so of $title, names its key, and shows none of it", async ({ write, key }) => {
    await write();
    const stderr = `riskline: T1: what is stored of it cannot be read (${namespace}:${key}:T1)\n`;
    expect(await look("result", "T1")).toMatchObject({ status: 1, stdout: "", stderr });
    expect(await look("result", "T1", "--json")).toMatchObject({ status: 1, stdout: "", stderr });
  });
});

function openLedger(changes: Partial<LedgerSettings> = {}): QuotaLedger {
  const quota = [
    { calls: 10, windowMs: 1_000 },
    { calls: 100, windowMs: 60_000 },
    { calls: 1_000, windowMs: 3_600_000 },
  ];
  return new QuotaLedger(redis, sampleLedgerSettings({ ...application, quota, ...changes }));
}

async function showQuota(): Promise<Record<string, unknown>> {
  const shown: Record<string, unknown> = JSON.parse((await look("quota", "show", "--json")).stdout);
  return shown;
}

describe("riskline quota show", () => {
  it("shows the configured windows where nobody has asked for a permit", async () => {
    expect(await showQuota()).toMatchObject({
      windows: [
        { window: "10/1s", calls: 10, used: 0, share: 0 },
        { window: "100/1m", used: 0 },
        { window: "1000/1h", used: 0 },
      ],
      isInUse: false,
      lastCallAt: null,
      brake: { isOn: false },
      strikes: { count: 0, limit: 10 },
      holds: [],
      spendToday: { calls: 0, cost: { value: "0.00", currency: "CNY" } },
    });
  });

  it("counts the calls of each window, and the strictest of quotas that disagree", async () => {
    for (const ledger of [openLedger(), openLedger({ quota: [{ calls: 7, windowMs: 1_000 }] })]) {
      await ledger.heartbeat();
      await ledger.permit(1, 4);
    }
    const { windows, isInUse, quotasDisagree } = await showQuota();
    expect({ isInUse, quotasDisagree }).toEqual({ isInUse: true, quotasDisagree: true });
    expect(windows).toMatchObject([
      { calls: 7, used: 2 },
      { calls: 100, used: 2, share: 0.02 },
      { calls: 1_000, used: 2 },
    ]);
  });

  it("counts over hours by the minute", async () => {
    const ledger = openLedger({ quota: [{ calls: 5, windowMs: 86_400_000 }] });
    for (let call = 0; call < 3; call++) await ledger.permit(1, 4);
    expect(await showQuota()).toMatchObject({ windows: [{ calls: 5, windowMs: 86_400_000, used: 3 }] });
  });

  it("tells the spacing that the ledger keeps", async () => {
    const ledger = openLedger({ quota: [{ calls: 20, windowMs: 1_000 }] });
    const beganAtMs = performance.now();
    await ledger.permit(1, 4);
    const first = await readLedgerOverview(redis, application, []);
    await ledger.permit(1, 4);
    const tookMs = performance.now() - beganAtMs;
    const second = await readLedgerOverview(redis, application, []);
    const apartMs = Number(second.lastCallAtMs) - Number(first.lastCallAtMs);
    // The next start is that far away at least, and no further where it was asked for in time.
    expect(apartMs).toBeGreaterThanOrEqual(first.spacingMs - 0.01);
    expect(apartMs).toBeLessThanOrEqual(Math.max(first.spacingMs, tookMs) + 1);
  });

  it("shows brake, patience and strikes after a limit answer", async () => {
    const signal = { kind: "quota", code: "40005", retryAfterMs: 30_000 } as const;
    await openLedger().permit(1, 4);
    const before = await readLedgerOverview(redis, application, []);
    await openLedger().signal("permit", signal, 0);
    const { brake, strikes, patienceRemainingMs, spacingMs } = await showQuota();
    expect(brake).toMatchObject({
      isOn: true,
      remainingMs: expect.toSatisfy((ms) => ms > 0 && ms <= 60_000),
    });
    expect(strikes).toEqual({ count: 1, limit: 10 });
    expect(patienceRemainingMs).toBeLessThanOrEqual(30_000);
    expect(patienceRemainingMs).toBeGreaterThan(0);
    expect(spacingMs).toBeGreaterThan(before.spacingMs);
  });

  it("shows what holds one replica alone, for as long as it does", async () => {
    const [held, other] = [openLedger({ worker: "w1" }), openLedger({ worker: "w2" })];
    const ownHold = {
      kind: "unreachable",
      cause: "ECONNREFUSED",
      forMs: 60_000,
      remainingMs: 8_000,
    } as const;
    let current: typeof ownHold | undefined = ownHold;
    held.watchOwnHold(() => current);
    await held.heartbeat();
    expect(await showQuota()).toMatchObject({ isHeld: true, permitWaitMs: null, holds: [] });
    await other.heartbeat();
    expect(await showQuota()).toMatchObject({
      isHeld: false,
      replicas: [
        { name: "w1", hold: { kind: "unreachable", code: "ECONNREFUSED", by: "w1" } },
        { name: "w2", hold: null },
      ],
    });
    const { stdout } = await look("quota", "show");
    expect(stdout).toMatch(/^hold: unreachable +ECONNREFUSED, since .+, next probe in \d+ s \(w1 alone\)$/m);
    current = undefined;
    await held.heartbeat();
    expect(await showQuota()).toMatchObject({ replicas: [{ hold: null }, { hold: null }] });
  });

  it("shows a freeze, and the hold of any credentials", async () => {
    await openLedger().signal("permit", { kind: "banned", code: "40006 isv.app-api-punished" }, 0);
    await openLedger({ credentialsId: "key-2" }).signal("permit", { kind: "permission", code: "40001" }, 0);
    const { holds } = await showQuota();
    expect(holds).toMatchObject([
      { kind: "banned", code: "40006 isv.app-api-punished", by: "w1" },
      { kind: "permission", code: "40001" },
    ]);
    const { stdout } = await look("quota", "show");
    expect(stdout).toMatch(/^hold: banned +40006 isv\.app-api-punished, since .*, next probe in \d+ h/m);
    expect(stdout).toMatch(/^hold: permission +40001, since .*, next probe in (\d+ s|1 min) \(met by w1\)$/m);
  });

  it("changes nothing", async () => {
    await openLedger().permit(1, 4);
    const read = async () => {
      const keys = (
        await redis.keys(ledgerKeys({ ...application, credentialsId: "" }).log.replace(/log$/, "*"))
      ).toSorted();
      return Promise.all(keys.map(async (key) => [key, await redis.dump(key)]));
    };
    const before = await read();
    await look("quota", "show");
    expect(await read()).toEqual(before);
  });
});

describe("riskline status", () => {
  it("shows queues, replicas, spend and quota", async () => {
    const broker = await testBroker();
    namespace = broker.namespace;
    await work(RESULT, 2);
    await putOff("T2", "T3");
    await broker.produce("transaction.urgent", "{}");
    await broker.channel.consume(broker.names.lanes.standard, () => undefined);
    const env = { ...environment(), AMQP_URL: broker.url };
    const { status, stdout } = await riskline(["status", "--json"], { env });
    expect(status).toBe(0);
    const { broker: shown, putOffToday, spendToday, quota } = JSON.parse(stdout);
    const urgent = { name: broker.names.lanes.urgent, exists: true, ready: 1, consumers: 0 };
    expect(shown).toMatchObject({ replicas: 1, queues: expect.arrayContaining([urgent]) });
    expect(spendToday).toEqual({
      day: formatInstant(Date.now()).slice(0, 10),
      calls: 2,
      cost: { value: "0.04", currency: "CNY" },
    });
    expect(quota).toMatchObject({ isInUse: false, holds: [] });
    expect(putOffToday).toEqual([{ transactions: 2, amount: { value: "257.00", currency: "CNY" } }]);
    const person = await riskline(["status"], { env });
    expect(person.stdout).toMatch(new RegExp(`^${broker.names.lanes.urgent} +1 +0$`, "m"));
    expect(person.stdout).toMatch(/^put off today +2: 257\.00 CNY$/m);
    expect(person.stdout).toMatch(/^spent today +0\.04 CNY for 2 calls/m);
  });

  it("declares nothing, and needs no application", async () => {
    const broker = await testBroker({ isDeclared: false });
    const env = { AMQP_URL: broker.url, REDIS_URL: inject("redisUrl"), NAMESPACE: broker.namespace };
    const { status, stdout } = await riskline(["status"], { env });
    expect(status).toBe(0);
    expect(stdout.match(/ missing$/gm)).toHaveLength(7);
    expect(stdout).toMatch(/^quota +unknown: ALIPAY_APP_ID: must be set$/m);
  });

  it("shows what it can where one of the servers is away", async () => {
    const broker = await testBroker();
    namespace = broker.namespace;
    const away = "amqp://127.0.0.1:1";
    const noBroker = await riskline(["status"], { env: { ...environment(), AMQP_URL: away } });
    expect(noBroker).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^latest errors +none\n\nspent today/),
    });
    expect(noBroker.stderr).toContain("(AMQP_URL)");
    const env = { ...environment(), AMQP_URL: broker.url, REDIS_URL: "redis://127.0.0.1:1" };
    const noRedis = await riskline(["status"], { env });
    expect(noRedis).toMatchObject({ status: 1, stdout: expect.stringMatching(/^queue +ready +consumers\n/) });
    expect(noRedis.stderr).toContain("(REDIS_URL)");
  });
});

describe("what Redis holds that is none of ours", () => {
  const state = () => ledgerKeys({ ...application, credentialsId: "" });

  it.each([
    [
      "the books, of another type",
      () => `${namespace}:spend:`,
      (key: string) => redis.set(key, "x"),
      "spent today",
    ],
    [
      "books without numbers",
      () => `${namespace}:spend:`,
      (key: string) => redis.hset(key, "calls", "abc"),
      "spent today",
    ],
    [
      "failures, of another type",
      () => `${namespace}:failures`,
      (key: string) => redis.set(key, "x"),
      "latest errors",
    ],
  ])("%s, is named by status, which shows all the rest", async (_, nameOf, spoil, part) => {
    const key = nameOf().endsWith("spend:")
      ? `${nameOf()}${formatInstant(Date.now()).slice(0, 7)}`
      : nameOf();
    await spoil(key);
    const shown = await look("status");
    expect(shown.status).toBe(1);
    expect(shown.stdout.replaceAll(/\s+/g, " ")).toContain(
      `${part} unknown: ${key} in Redis is none of Riskline's`,
    );
    expect(shown.stdout).toContain("limit answers in 24 h");
    expect(shown.stderr).toContain(key);
  });

  it.each([
    ["a date that is none", () => redis.hset(state().state, "lastStart", "9e15"), "lastStart cannot be read"],
    ["another type", () => redis.set(state().log, "x"), "it has another type"],
    [
      "a hold without an end",
      () => redis.hset(state().freeze, { kind: "banned", code: "x", since: 1, until: "x", by: "w" }),
      "until cannot be read",
    ],
  ])("%s in the ledger, is named by quota show and by status, which end", async (_, spoil, reason) => {
    await spoil();
    const shown = await look("quota", "show");
    expect(shown).toMatchObject({ status: 1, stdout: "" });
    expect(shown.stderr).toMatch(
      /^riskline: riskline:quota:[\w-]+:(\*|freeze) in Redis is none of Riskline's: .*\n$/,
    );
    expect(shown.stderr).toContain(reason);
    const status = await look("status", "--json");
    expect(JSON.parse(status.stdout)).toMatchObject({
      quota: { problem: expect.stringContaining(reason) },
      spendToday: { calls: 0 },
    });
  });
});

describe("riskline status --watch", () => {
  it("shows it again and again where it is no terminal, and ends well at SIGINT", async () => {
    const broker = await testBroker();
    namespace = broker.namespace;
    const env = { ...environment(), AMQP_URL: broker.url };
    const watching = new RisklineProcess(["status", "--watch", "--interval", "1s", "--json"], { env });
    await watching.said("\n");
    await broker.produce("transaction.urgent", "{}");
    await watching.said('"ready":1,');
    watching.signal("SIGINT");
    const { status, stdout, stderr } = await watching.end();
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const backlogs = [...stdout.matchAll(/"backlog":\{"ready":(\d+)/g)].map(([, ready]) => ready);
    expect(backlogs.at(0)).toBe("0");
    expect(backlogs.at(-1)).toBe("1");
  });

  it("goes on while a server is away, and says so in what it shows", async () => {
    const env = { ...environment(), AMQP_URL: "amqp://127.0.0.1:1" };
    const watching = new RisklineProcess(["status", "--watch", "--interval", "1s"], { env });
    await watching.said("spent today");
    watching.signal("SIGTERM");
    const { status, stdout } = await watching.end();
    expect(status).toBe(0);
    expect(stdout).toMatch(/^broker {2}.*\(AMQP_URL\)/m);
  });
});

describe("the latest errors", () => {
  it("are told by status, to a person and as JSON", async () => {
    const atMs = Date.now() - 60_000;
    const failure = { event: "dead-letter", reason: "malformed", detail: "amount.value is missing" };
    await addFailures(redis, namespace, [{ ...failure, count: 3, atMs, worker: "w1" }]);
    const env = { ...environment(), AMQP_URL: inject("amqpUrl") };
    const { latestErrors } = JSON.parse((await riskline(["status", "--json"], { env })).stdout);
    expect(latestErrors).toEqual([
      {
        ...failure,
        code: null,
        transactionId: null,
        count: 3,
        firstAt: formatInstant(atMs),
        lastAt: formatInstant(atMs),
        worker: "w1",
      },
    ]);
    const { stdout } = await riskline(["status"], { env });
    expect(stdout).toMatch(
      /^latest errors\ndead-letter: malformed {2}3 ×, \d+ min.* ago: amount\.value is missing$/m,
    );
  });
});
