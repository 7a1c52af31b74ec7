import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, inject, it, onTestFinished } from "vitest";
import { parseInstant } from "../../../shared/domain/instant.ts";
import { auditKey } from "../../../shared/redis/audit.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import { ledgerKeys, type LedgerKeys } from "../../../shared/redis/ledger/ledger-keys.ts";
import { LedgerOperator, type StandingHold } from "../../../shared/redis/ledger/operate-ledger.ts";
import { QuotaLedger, type LedgerSettings } from "../../../shared/redis/ledger/quota-ledger.ts";
import { removeKeys } from "../../../shared/redis/remove-keys.ts";
import { sampleLedgerSettings } from "../../support/sample-ledger-settings.ts";
import { testRedis } from "../../support/test-redis.ts";
import { riskline } from "../../unit/cli/riskline-process.ts";
import { testBroker } from "../amqp/broker.ts";

let redis: RedisClient;
let namespace: string;
let application: { appId: string; gatewayUrl: string };
let keys: LedgerKeys;

beforeEach(async () => {
  ({ redis, namespace } = await testRedis());
  application = { appId: randomUUID(), gatewayUrl: "http://127.0.0.1/gateway.do" };
  keys = ledgerKeys({ ...application, credentialsId: "key-1" });
  onTestFinished(() => removeKeys(redis, keys.log.replace(/log$/, "*")));
});

const environment = () => ({
  REDIS_URL: inject("redisUrl"),
  NAMESPACE: namespace,
  ALIPAY_APP_ID: application.appId,
  ALIPAY_GATEWAY_URL: application.gatewayUrl,
  ALIPAY_QUOTA: "1000/1s",
  RISKLINE_OPERATOR: "alice",
});

const run = (...args: string[]) => riskline(args, { env: environment() });

/** Runs a command that must succeed, and reads what it printed as JSON. */
async function runJson(...args: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await run(...args, "--json");
  if (status !== 0) throw new Error(stderr);
  const printed: Record<string, unknown> = JSON.parse(stdout);
  return printed;
}

async function audit(...args: string[]): Promise<Record<string, unknown>[]> {
  const records: Record<string, unknown>[] = JSON.parse((await run("audit", "--json", ...args)).stdout);
  return records;
}

function openLedger(changes: Partial<LedgerSettings> = {}): QuotaLedger {
  const quota = [{ calls: 1_000, windowMs: 1_000 }];
  return new QuotaLedger(redis, sampleLedgerSettings({ ...application, quota, ...changes }));
}

const BAN = { kind: "banned", code: "40006 isv.app-api-punished" } as const;
const PERMISSION = { kind: "permission", code: "40001" } as const;

const isHeld = async (ledger: QuotaLedger): Promise<boolean> => (await ledger.permit(1, 4)).kind === "held";

const untilOf = async (): Promise<number> => Number(await redis.hget(keys.freeze, "until"));

describe("riskline quota freeze", () => {
  it("stops all replicas until resumed; then one probes", async () => {
    const [first, second] = [openLedger(), openLedger({ credentialsId: "key-2" })];
    expect((await first.permit(1, 4)).kind).toBe("granted");
    expect(await runJson("quota", "freeze", "--reason", "maintenance")).toMatchObject({
      act: "quota-freeze",
      ...application,
      isChanged: true,
      before: null,
      after: { kind: "operator", code: "maintenance", by: "alice", until: null },
    });
    expect(await isHeld(first)).toBe(true);
    expect(await isHeld(second)).toBe(true);
    expect((await run("quota", "show")).stdout).toMatch(
      /^hold: operator +maintenance, since .*, until it is resumed \(by alice\)$/m,
    );

    expect(await runJson("quota", "resume", "--reason", "done")).toMatchObject({
      isChanged: true,
      resumed: [{ kind: "operator", code: "maintenance", by: "alice", until: null }],
    });
    expect(await second.permit(1, 4)).toMatchObject({ kind: "granted", isProbe: true });
    expect(await isHeld(first)).toBe(true);
    await second.lift();
    expect(await isHeld(first)).toBe(false);
  });

  it("ends by itself after --for, with a probe", async () => {
    const ledger = openLedger();
    const { after } = await runJson("quota", "freeze", "--reason", "a moment", "--for", "2s");
    const hold = await ledger.permit(1, 4);
    expect(hold).toMatchObject({ kind: "held", hold: { cause: "a moment" } });
    expect(after).toMatchObject({ until: expect.toSatisfy((text) => parseInstant(String(text)).ok) });
    await expect.poll(() => ledger.permit(1, 4), { timeout: 10_000 }).toMatchObject({ isProbe: true });
  });

  it("never shortens a ban, and lengthens it without taking it over", async () => {
    await openLedger().signal("permit", BAN, 0);
    const banned = await untilOf();
    expect(await runJson("quota", "freeze", "--reason", "short", "--for", "1h")).toMatchObject({
      isChanged: false,
      after: { kind: "banned" },
    });
    expect(await untilOf()).toBe(banned);
    expect(await audit()).toEqual([]);
    expect(await runJson("quota", "freeze", "--reason", "long", "--for", "2d")).toMatchObject({
      isChanged: true,
      before: { kind: "banned" },
      after: { kind: "banned", code: BAN.code, by: "w1" },
    });
    expect(await untilOf()).toBeGreaterThan(banned + 23 * 3_600_000);
  });

  it("is not shortened by another freeze", async () => {
    await run("quota", "freeze", "--reason", "long");
    const until = await untilOf();
    expect(await runJson("quota", "freeze", "--reason", "as long")).toMatchObject({ isChanged: false });
    const { status, stdout } = await run("quota", "freeze", "--reason", "short", "--for", "1h");
    expect(status).toBe(0);
    expect(stdout).toMatch(/^calls +were frozen for at least as long already; nothing was changed$/m);
    expect(await untilOf()).toBe(until);
  });

  it("stands whatever a probe that is under way finds out", async () => {
    const ledger = openLedger();
    await ledger.signal("permit", BAN, 0);
    await redis.hset(keys.freeze, "until", "1");
    expect(await ledger.permit(1, 4)).toMatchObject({ isProbe: true });
    await run("quota", "freeze", "--reason", "no", "--for", "1h");
    await ledger.lift();
    expect(await isHeld(ledger)).toBe(true);
    await ledger.signal("permit", BAN, 0);
    expect(await redis.hget(keys.freeze, "kind")).toBe("banned");
  });

  it("wants --yes for longer than calls are remembered", async () => {
    const args = ["quota", "freeze", "--reason", "x", "--for", "8d"];
    const { status, stdout, stderr } = await run(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain("7 d (JOURNAL_TTL_SECONDS)");
    expect(await redis.exists(keys.freeze)).toBe(0);
    expect(await run(...args, "--yes")).toMatchObject({ status: 0 });
  });
});

describe("riskline quota resume", () => {
  it("wants --yes before the end of a ban, and says why", async () => {
    const ledger = openLedger();
    await ledger.signal("permit", BAN, 0);
    const refused = await run("quota", "resume", "--reason", "lifted");
    expect(refused).toMatchObject({ status: 2, stdout: "" });
    expect(refused.stderr).toContain(`banned, ${BAN.code}, for another 24 h`);
    expect(refused.stderr).toContain("may make the ban longer");
    expect(await isHeld(ledger)).toBe(true);
    expect(await audit()).toEqual([]);

    expect(await run("quota", "resume", "--reason", "lifted", "--yes")).toMatchObject({ status: 0 });
    expect(await ledger.permit(1, 4)).toMatchObject({ kind: "granted", isProbe: true });
  });

  it("ends the permission holds of all credentials", async () => {
    const [first, second] = [openLedger(), openLedger({ credentialsId: "key-2" })];
    await first.signal("permit", PERMISSION, 0);
    await second.signal("permit", PERMISSION, 0);
    const { resumed } = await runJson("quota", "resume", "--reason", "keys are right now");
    expect(resumed).toHaveLength(2);
    expect(await first.permit(1, 4)).toMatchObject({ isProbe: true });
    expect(await second.permit(1, 4)).toMatchObject({ isProbe: true });
  });

  it("leaves a hold alone that is being probed", async () => {
    const ledger = openLedger();
    await ledger.signal("permit", PERMISSION, 0);
    await run("quota", "resume", "--reason", "first");
    expect(await ledger.permit(1, 4)).toMatchObject({ isProbe: true });
    expect(await runJson("quota", "resume", "--reason", "again")).toMatchObject({
      isChanged: false,
      resumed: [],
      probesDue: 1,
    });
    const operator = new LedgerOperator(redis, { ...application, namespace, operator: "alice" });
    expect(await operator.resume("past the command", await operator.standingHolds())).toBe(0);
    expect(await isHeld(ledger)).toBe(true);
    expect(await audit()).toHaveLength(1);
  });

  it("does not end a hold that is another one than was agreed to", async () => {
    const operator = new LedgerOperator(redis, { ...application, namespace, operator: "alice" });
    await operator.freeze("maintenance", 60_000);
    const seen: StandingHold[] = await operator.standingHolds();
    await openLedger().signal("permit", BAN, 0);
    expect(await operator.resume("done", seen)).toBe(0);
    expect(await redis.hget(keys.freeze, "kind")).toBe("banned");
    expect(await isHeld(openLedger())).toBe(true);
  });

  it("changes nothing where nothing is held", async () => {
    const { status, stdout } = await run("quota", "resume", "--reason", "x");
    expect(status).toBe(0);
    expect(stdout).toContain("nothing was changed");
    expect(await audit()).toEqual([]);
  });

  it("cannot resume what strikes hold", async () => {
    const ledger = openLedger();
    for (let strike = 1; strike <= 10; strike++) {
      await ledger.signal(`permit-${strike}`, { kind: "quota", code: "40005", retryAfterMs: undefined }, 0);
    }
    const { status, stdout, stderr } = await run("quota", "resume", "--reason", "x", "--yes");
    expect(status).toBe(1);
    expect(stdout).toMatch(/^then +no call: 10 limit answers in 24 h/m);
    expect(stderr).toContain("which cannot be resumed");
    expect(await isHeld(ledger)).toBe(true);
  });
});

describe("riskline quota set", () => {
  it("holds for all replicas at once, and until it is given back", async () => {
    const ledger = openLedger();
    await ledger.permit(1, 4);
    expect(await runJson("quota", "set", "5/1h", "--reason", "lowered", "--yes")).toEqual({
      act: "quota-set",
      ...application,
      isChanged: true,
      before: "1000/1s",
      after: "5/1h",
      isSet: true,
    });
    expect(await runJson("quota", "show")).toMatchObject({
      windows: [{ window: "5/1h", used: 1, effective: 5, margin: 4 }],
      setQuota: { quota: "5/1h", by: "alice", reason: "lowered" },
    });
    expect((await run("quota", "show")).stdout).toMatch(/^quota set +by alice, .*: lowered$/m);
    expect(await redis.pttl(keys.setQuota)).toBe(-1);

    expect(await runJson("quota", "set", "--configured", "--reason", "back", "--yes")).toMatchObject({
      before: "5/1h",
      after: "1000/1s",
      isSet: false,
    });
    expect(await runJson("quota", "show")).toMatchObject({
      windows: [{ window: "1000/1s" }],
      setQuota: null,
    });
  });

  it.each([
    { title: "more calls", quota: "1001/1s", said: "1000/1s → 1001/1s" },
    { title: "a window less", quota: "10/1m", said: "1000/1s → dropped" },
  ])("wants --yes for $title, and shows what changes", async ({ quota, said }) => {
    await openLedger().permit(1, 4);
    const args = ["quota", "set", quota, "--reason", "x"];
    const refused = await run(...args);
    expect(refused).toMatchObject({ status: 2, stdout: "" });
    expect(refused.stderr).toContain(said);
    expect(await redis.exists(keys.setQuota)).toBe(0);
    const done = await run(...args, "--yes");
    expect(done.status).toBe(0);
    expect(done.stdout).toContain(said);
  });

  it("needs no --yes for less, compared with the strictest replica", async () => {
    await openLedger().permit(1, 4);
    await openLedger({ quota: [{ calls: 7, windowMs: 1_000 }] }).permit(1, 4);
    expect(await run("quota", "set", "8/1s", "--reason", "x")).toMatchObject({ status: 2 });
    expect(await run("quota", "set", "7/1s,100/1m", "--reason", "x")).toMatchObject({ status: 0 });
  });

  it.each([
    { title: "the quota that is set", args: ["5/1s"], before: ["5/1s"] },
    { title: "the configured one where none is set", args: ["--configured"], before: [] },
  ])("changes nothing by setting $title", async ({ args, before }) => {
    for (const quota of before) await run("quota", "set", quota, "--reason", "first");
    expect(await runJson("quota", "set", ...args, "--reason", "again")).toMatchObject({ isChanged: false });
    expect((await run("quota", "set", ...args, "--reason", "again")).stdout).toMatch(
      /^then +nothing was changed$/m,
    );
    expect(await audit()).toHaveLength(before.length);
  });

  it("does nothing where somebody else was faster", async () => {
    const operator = new LedgerOperator(redis, { ...application, namespace, operator: "alice" });
    const seen = await operator.quotaInForce([{ calls: 20, windowMs: 1_000 }]);
    expect(await operator.setQuota("first", [{ calls: 5, windowMs: 1_000 }], seen)).toBe(true);
    expect(await operator.setQuota("second", [{ calls: 9, windowMs: 1_000 }], seen)).toBe(false);
    expect(await redis.hget(keys.setQuota, "quota")).toBe("5/1000");
    expect(await audit()).toHaveLength(1);
  });
});

describe("riskline audit", () => {
  it("tells who did what, when, why, and what it was before", async () => {
    await run("quota", "freeze", "--reason", "网关维护", "--for", "1h");
    await run("quota", "resume", "--reason", "done");
    await run("quota", "set", "10/1s", "--reason", "lowered");
    const whose = { application: application.appId, gateway: application.gatewayUrl };
    const hold = { kind: "operator", code: "网关维护", by: "alice", untilMs: expect.any(Number) };
    expect(await audit()).toMatchObject([
      { act: "quota-freeze", by: "alice", reason: "网关维护", details: { ...whose, after: hold } },
      { act: "quota-resume", by: "alice", reason: "done", details: { ...whose, before: [hold] } },
      {
        act: "quota-set",
        reason: "lowered",
        details: {
          ...whose,
          before: { quota: "1000/1s", isSet: false },
          after: { quota: "10/1s", isSet: true },
        },
      },
    ]);
    const { stdout } = await run("audit");
    expect(stdout).toMatch(/^2\S+\+08:00 {2}quota-freeze by alice\nreason +网关维护$/m);
    expect(stdout).toMatch(/^before +quota 1000\/1s, as configured$/m);
  });

  it("shows only what is new enough, oldest first, over pages", async () => {
    const fields = ["v", 1, "act", "test", "by", "bob", "at", 1_000, "reason", "r", "details", "{}"];
    for (let id = 1; id <= 450; id++) await redis.xadd(auditKey(namespace), `${id}-0`, ...fields);
    const all = await audit();
    expect(all.map(({ id }) => id)).toEqual(Array.from({ length: 450 }, (_, index) => `${index + 1}-0`));
    await run("quota", "freeze", "--reason", "now");
    expect(await audit("--since", "1h")).toMatchObject([{ reason: "now" }]);
    expect(await audit("--since", "1000.0001s")).toMatchObject([{ reason: "now" }]); // part of a millisecond
    expect((await run("audit", "--since", "1h")).stdout.match(/ by /g)).toHaveLength(2);
  });

  it("shows what can be read, then says what cannot", async () => {
    const key = auditKey(namespace);
    const record = { v: 1, act: "test", by: "bob", at: 1_000, reason: "r", details: "{}" };
    const others = [{ odd: 1 }, { ...record, details: "{" }, { ...record, at: 8.64e18 }];
    for (const [index, fields] of [...others, record].entries())
      await redis.xadd(key, `${index + 1}-0`, ...Object.entries(fields).flat());
    const stderr = `riskline: ${key}: 3 records cannot be read: 1-0, 2-0, 3-0\n`;
    const json = await run("audit", "--json");
    expect(json).toMatchObject({ status: 1, stderr });
    expect(JSON.parse(json.stdout)).toMatchObject([{ id: "4-0", by: "bob" }]);
    expect(await run("audit")).toMatchObject({
      status: 1,
      stdout: expect.stringContaining("test by bob"),
      stderr,
    });
  });

  it("shows a hold whose end is no date", async () => {
    const details = JSON.stringify({ after: { kind: "operator", untilMs: -8.64e18 } });
    const fields = ["v", 1, "act", "test", "by", "bob", "at", 1_000, "reason", "r", "details", details];
    await redis.xadd(auditKey(namespace), "1-0", ...fields);
    expect(await run("audit")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("untilMs -8640000000000000000"),
    });
  });

  it("is empty at first", async () => {
    expect(await run("audit")).toMatchObject({ status: 0, stdout: "" });
    expect(await audit()).toEqual([]);
  });
});

describe("riskline status", () => {
  it("tells the backlog, when it is cleared, and that it is not while calls are held", async () => {
    const broker = await testBroker();
    namespace = broker.namespace;
    for (let count = 0; count < 3; count++) await broker.produce("transaction.urgent", "{}");
    const env = { ...environment(), ALIPAY_QUOTA: "1/1s", AMQP_URL: broker.url };
    const status = async (): Promise<unknown> =>
      JSON.parse((await riskline(["status", "--json"], { env })).stdout);
    expect(await status()).toMatchObject({
      backlog: { ready: 3, isHeld: false, callsPerSecond: 1, clearedInMs: 3_000 },
      quota: { usefulReplicas: 1, replicas: [], permitWaitMs: 0, isHeld: false },
    });
    expect((await riskline(["status"], { env })).stdout).toMatch(
      /^backlog +3, cleared in about 3 s \(1 calls\/s\)$/m,
    );
    await run("quota", "freeze", "--reason", "maintenance");
    expect(await status()).toMatchObject({
      backlog: { ready: 3, isHeld: true, clearedInMs: null, clearedAt: null },
      quota: { permitWaitMs: null, isHeld: true, holds: [{ kind: "operator", remainingMs: null }] },
    });
    expect((await riskline(["status"], { env })).stdout).toMatch(
      /^backlog +3, not cleared while calls are held$/m,
    );
  });
});
