import { beforeEach, describe, expect, it } from "vitest";
import { createRandom } from "../../../scripts/sandbox/random.ts";
import type { Quota } from "../../../shared/domain/quota.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import type { QuotaLedger } from "../../../shared/redis/ledger/quota-ledger.ts";
import { busiest } from "../../support/busiest.ts";
import { ClockedLedger, granted, type Granted } from "../../support/clocked-ledger.ts";
import { testRedis } from "../../support/test-redis.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** As the ledger has them. */
const HORIZON_MS = 500;
const MARGIN_MS = 5;
/** A call arrives no later than this after its start. */
const LIFE = 3_250;

let redis: RedisClient;
let ledgers: ClockedLedger;

beforeEach(async () => {
  ({ redis } = await testRedis());
  ledgers = await ClockedLedger.start(redis);
});

const firstCall = (ledger: QuotaLedger) => ledger.permit(1, 4);

/** Takes permits one after the other; gives the number of calls that could start within so many milliseconds. */
async function callsWithin(ms: number, ledger: QuotaLedger, most = 50): Promise<number> {
  const endMs = ledgers.nowMs + ms;
  for (let calls = 0; ; calls += 1) {
    let reply = await firstCall(ledger);
    while (reply.kind === "wait" && ledgers.nowMs + reply.waitMs + HORIZON_MS <= endMs) {
      await ledgers.pass(reply.waitMs);
      reply = await firstCall(ledger);
    }
    if (reply.kind !== "granted" || ledgers.nowMs + reply.startInMs > endMs || calls === most) return calls;
    await ledgers.pass(reply.startInMs);
  }
}

/** Waits for the next permit; gives its start. */
async function nextStart(ledger: QuotaLedger): Promise<number> {
  for (;;) {
    const reply = await firstCall(ledger);
    if (reply.kind !== "wait") return ledgers.nowMs + granted(reply).startInMs;
    await ledgers.pass(Math.min(reply.waitMs, 200));
  }
}

const hourly = (calls: number) => [
  { calls: 10, windowMs: SECOND },
  { calls, windowMs: HOUR },
];

describe("windows", () => {
  it("are kept to the millisecond where they are short", async () => {
    const ledger = ledgers.replica({ quota: [{ calls: 2, windowMs: SECOND }] });
    const [first, second] = [granted(await firstCall(ledger)), granted(await firstCall(ledger))];
    expect([first.startInMs, second.startInMs]).toEqual([0, 250]);
    const waitMs = LIFE + SECOND + MARGIN_MS - HORIZON_MS;
    expect(await firstCall(ledger)).toMatchObject({ kind: "wait", waitMs });
    await ledgers.knowLatency(20);
    await ledgers.pass(120);
    await ledger.answered(first.permit.id, 120);
    await ledgers.pass(180);
    await ledger.answered(second.permit.id, 50);
    expect(await firstCall(ledger)).toMatchObject({
      kind: "wait",
      waitMs: SECOND + MARGIN_MS - 200 - HORIZON_MS,
    });
  });

  it("count calls until they are surely out, and no longer than seconds more", async () => {
    const ledger = ledgers.replica({ quota: hourly(3) });
    const firstStartedAt = ledgers.nowMs;
    expect(await callsWithin(MINUTE, ledger)).toBe(3);
    await ledgers.pass(firstStartedAt + HOUR - ledgers.nowMs);
    const nextStartAt = await nextStart(ledger);
    expect(nextStartAt).toBeGreaterThanOrEqual(firstStartedAt + HOUR + LIFE);
    expect(nextStartAt).toBeLessThan(firstStartedAt + HOUR + LIFE + 3 * SECOND);
  });

  it("fill up again after a night without calls, and no further", async () => {
    const ledger = ledgers.replica({ quota: hourly(3) });
    expect(await callsWithin(MINUTE, ledger)).toBe(3);
    await ledgers.pass(9 * HOUR);
    expect(await callsWithin(MINUTE, ledger)).toBe(3);
    await ledgers.pass(9 * HOUR);
    expect(await callsWithin(MINUTE, ledger)).toBe(3);
  });

  it("count the calls that were made while nobody asked for the window", async () => {
    const strict = ledgers.replica({ quota: hourly(3) });
    const loose = ledgers.replica({ quota: [{ calls: 10, windowMs: SECOND }] });
    expect(await callsWithin(MINUTE, strict, 1)).toBe(1);
    await ledgers.pass(2 * MINUTE);
    expect(await callsWithin(MINUTE, loose, 5)).toBe(5);
    expect((await firstCall(strict)).kind).toBe("wait");
  });

  it("admit their average rate while the past is unknown, and all of it afterwards", async () => {
    const ledger = ledgers.replica({ quota: [{ calls: 60, windowMs: HOUR }], history: "unknown" });
    const early = await callsWithin(HOUR / 2, ledger, 100);
    expect(early).toBeGreaterThanOrEqual(28);
    expect(early).toBeLessThanOrEqual(30);
    await ledgers.pass(1.5 * HOUR);
    expect(await callsWithin(MINUTE, ledger, 100)).toBe(60);
  });

  it("deny after a loss until the last call that may have been permitted before it is out", async () => {
    const quota = [{ calls: 4, windowMs: SECOND }];
    const ledger = ledgers.replica({ quota });
    granted(await firstCall(ledger));
    const ahead = granted(await firstCall(ledger));
    expect(ahead.startInMs).toBeGreaterThan(200);
    const latestArrival = ledgers.nowMs + ahead.startInMs + LIFE;
    await ledgers.forget();
    expect(await nextStart(ledger)).toBeGreaterThanOrEqual(latestArrival + SECOND);
  });

  it("hold over days of uneven traffic, whatever becomes of the calls", { timeout: 60_000 }, async () => {
    const quota = [
      { calls: 3, windowMs: 2 * SECOND },
      { calls: 10, windowMs: 30 * SECOND },
      { calls: 25, windowMs: 10 * MINUTE },
      { calls: 40, windowMs: HOUR },
      { calls: 70, windowMs: 2 * HOUR },
      { calls: 500, windowMs: DAY },
    ];
    const arrivals = await simulateDays(2, [ledgers.replica({ quota }), ledgers.replica({ quota })]);
    for (const { calls, windowMs } of quota) {
      expect([windowMs, busiest(arrivals, windowMs)]).toEqual([
        windowMs,
        expect.toSatisfy((n) => n <= calls),
      ]);
    }
    await expectTrueSums(ledgers.replica({ quota }), quota);
    // Nor is it denied what it may have: the day's window is what binds in the end.
    expect(arrivals.length).toBeGreaterThan(0.8 * 2 * 500);
  });
});

describe("a permit whose call never left", () => {
  const DAILY = [
    { calls: 10, windowMs: SECOND },
    { calls: 4, windowMs: HOUR },
    { calls: 7, windowMs: DAY },
  ];

  const used = async () => (await ledgers.look(DAILY)).windows.map((window) => window.used);

  it("takes no place in any window", async () => {
    const ledger = ledgers.replica({ quota: DAILY });
    for (let nth = 0; nth < 20; nth += 1) {
      const { permit } = granted(await firstCall(ledger));
      await ledgers.pass(SECOND);
      await ledger.unused(permit.id);
    }
    expect(await used()).toEqual([0, 0, 0]);
    expect(await callsWithin(MINUTE, ledger)).toBe(4);
    await ledgers.pass(2 * HOUR);
    expect(await callsWithin(MINUTE, ledger)).toBe(3);
  });

  it("gives its place back once, however often it is told", async () => {
    const ledger = ledgers.replica({ quota: DAILY });
    const [, second] = [granted(await firstCall(ledger)), granted(await firstCall(ledger))];
    for (let nth = 0; nth < 3; nth += 1) await ledger.unused(second.permit.id);
    expect(await used()).toEqual([1, 1, 1]);
    expect(await callsWithin(MINUTE, ledger)).toBe(3);
  });

  it("gives back the place in the second of its own start, which another asked for", async () => {
    const [one, other] = [ledgers.replica({ quota: DAILY }), ledgers.replica({ quota: DAILY })];
    await ledgers.pass(950);
    const [, next] = [granted(await firstCall(one)), granted(await firstCall(other))];
    expect(next.startInMs).toBe(97);
    const before = await redis.hgetall(ledgers.keys.seconds);
    expect(Object.values(before)).toEqual(["1", "1"]);
    await other.unused(next.permit.id);
    expect(Object.values(await redis.hgetall(ledgers.keys.seconds))).toEqual(["1", "0"]);
  });

  it("gives back the place in the second that its start was rounded to", async () => {
    const ledger = ledgers.replica({ quota: DAILY });
    await ledgers.pass(999.9997);
    const { permit } = granted(await firstCall(ledger));
    await ledger.unused(permit.id);
    expect(await redis.hvals(ledgers.keys.seconds)).toEqual(["0"]);
  });

  it("stays counted where it is told too late for the log to know it", async () => {
    const ledger = ledgers.replica({ quota: DAILY });
    const { permit } = granted(await firstCall(ledger));
    await ledgers.pass(2 * MINUTE);
    granted(await firstCall(ledger));
    await ledger.unused(permit.id);
    expect(await used()).toEqual([1, 2, 2]);
  });

  it("leaves the sum of a window alone that it is no longer in", async () => {
    const quota = [
      { calls: 10, windowMs: SECOND },
      { calls: 10, windowMs: MINUTE + SECOND },
    ];
    const ledger = ledgers.replica({ quota });
    const { permit } = granted(await firstCall(ledger));
    await ledgers.pass(50 * SECOND);
    const { permit: later } = granted(await firstCall(ledger));
    // What waits moves the sum on, while only a grant trims the log.
    await ledger.signal(later.id, { kind: "quota", code: "40005", retryAfterMs: HOUR }, 0);
    await ledgers.pass(20 * SECOND);
    expect((await firstCall(ledger)).kind).toBe("wait");
    expect(await redis.zscore(ledgers.keys.log, permit.id)).not.toBeNull();
    await ledger.unused(permit.id);
    expect(await redis.zscore(ledgers.keys.log, permit.id)).toBeNull();
    await expectTrueSums(ledger, quota);
  });

  describe("where the past is unknown", () => {
    const quota = [{ calls: 60, windowMs: HOUR }];
    const sinceUnknown = async () => Number(await redis.hget(ledgers.keys.state, "sinceUnknown"));

    it("takes nothing of the average rate", async () => {
      const ledger = ledgers.replica({ quota, history: "unknown" });
      await firstCall(ledger);
      await ledgers.pass(MINUTE);
      const { permit } = granted(await firstCall(ledger));
      expect((await firstCall(ledger)).kind).toBe("wait");
      await ledger.unused(permit.id);
      granted(await firstCall(ledger));
    });

    it("gives nothing back that was taken before", async () => {
      const ledger = ledgers.replica({ quota });
      const earlier = granted(await firstCall(ledger));
      await ledgers.pass(SECOND);
      await ledgers.restart();
      await firstCall(ledger);
      await ledgers.pass(MINUTE);
      granted(await firstCall(ledger));
      await ledger.unused(earlier.permit.id);
      expect(await sinceUnknown()).toBe(1);
    });
  });
});

describe("the overview", () => {
  const even = [{ calls: 10, windowMs: SECOND }];
  const sustained = [
    { calls: 100, windowMs: SECOND },
    { calls: 600, windowMs: MINUTE },
  ];

  it.each([
    { title: "free", quota: even, expectedMs: 97 },
    { title: "free, by the shortest window", quota: sustained, expectedMs: 9.7 },
    {
      title: "free, and slow",
      quota: [{ calls: 2, windowMs: SECOND }],
      expectedMs: 250,
    },
  ])("tells the spacing that the ledger grants: $title", async ({ quota, expectedMs }) => {
    const ledger = ledgers.replica({ quota });
    expect(granted(await firstCall(ledger)).startInMs).toBe(0);
    const { spacingMs } = await ledgers.look(quota);
    expect(spacingMs).toBeCloseTo(expectedMs, 6);
    expect(granted(await firstCall(ledger)).startInMs).toBeCloseTo(spacingMs, 2);
  });

  it("calls the past unknown until the longest window has passed, and no longer", async () => {
    const quota = hourly(3);
    await firstCall(ledgers.replica({ quota, history: "unknown" }));
    expect((await ledgers.look(quota)).isPastUnknown).toBe(true);
    await ledgers.pass(HOUR - 1);
    expect((await ledgers.look(quota)).isPastUnknown).toBe(true);
    await ledgers.pass(1);
    expect((await ledgers.look(quota)).isPastUnknown).toBe(false);
  });

  it("knows the past where the operator vouches for it", async () => {
    await firstCall(ledgers.replica({ quota: hourly(3), history: "none" }));
    expect((await ledgers.look(hourly(3))).isPastUnknown).toBe(false);
  });
});

/** Busy hours and idle ones; calls that are answered, late, unanswered or never leave. */
async function simulateDays(days: number, replicas: readonly QuotaLedger[]): Promise<number[]> {
  const random = createRandom(42);
  const endMs = ledgers.nowMs + days * DAY;
  const isOver = () => ledgers.nowMs >= endMs;
  const arrivals: number[] = [];
  /** Answers on their way, soonest first. */
  const answers: { atMs: number; startMs: number; id: string; ledger: QuotaLedger }[] = [];

  /** Lets time pass up to a moment, and the answers come in on the way. */
  async function passUntil(ms: number): Promise<void> {
    for (let next = answers[0]; next !== undefined && next.atMs <= ms; next = answers[0]) {
      answers.shift();
      await ledgers.pass(Math.max(0, next.atMs - ledgers.nowMs));
      await next.ledger.answered(next.id, ledgers.nowMs - next.startMs);
    }
    await ledgers.pass(Math.max(0, ms - ledgers.nowMs));
  }

  function depart(ledger: QuotaLedger, { permit, startInMs }: Granted): void {
    const fate = random();
    const startMs = ledgers.nowMs + startInMs;
    if (fate < 0.1) return void ledger.unused(permit.id);
    const arrivedAtMs = startMs + (fate < 0.3 ? random() * LIFE : random() * 20);
    arrivals.push(arrivedAtMs);
    if (fate < 0.2) return;
    answers.push({ atMs: arrivedAtMs + 20 + random() * 100, startMs, id: permit.id, ledger });
    answers.sort((a, b) => a.atMs - b.atMs);
  }

  while (!isOver()) {
    const ledger = replicas[Math.floor(random() * replicas.length)] ?? replicas[0];
    if (ledger === undefined) throw new Error("no ledger");
    const reply = await firstCall(ledger);
    if (reply.kind === "granted") depart(ledger, reply);
    const isNight = (ledgers.nowMs / HOUR) % 24 < 4;
    const pauseMs = reply.kind === "wait" ? reply.waitMs : random() * 300;
    await passUntil(ledgers.nowMs + (isNight ? 3 * HOUR : pauseMs));
  }
  return arrivals;
}

/** What the ledger has added up and taken off is what its steps hold. */
async function expectTrueSums(ledger: QuotaLedger, quota: Quota): Promise<void> {
  await firstCall(ledger);
  const state = await redis.hgetall(ledgers.keys.state);
  const steps = {
    s: await redis.hgetall(ledgers.keys.seconds),
    m: await redis.hgetall(ledgers.keys.minutes),
  };
  for (const { windowMs } of quota.filter((window) => window.windowMs > MINUTE)) {
    const first = Number(state[`first${windowMs}`]);
    const inside = Object.entries(windowMs <= HOUR ? steps.s : steps.m).filter(
      ([step]) => Number(step) >= first,
    );
    const sum = inside.reduce((total, [, calls]) => total + Number(calls), 0);
    expect([windowMs, Number(state[`sum${windowMs}`])]).toEqual([windowMs, sum]);
  }
}
