import { beforeEach, describe, expect, inject, it } from "vitest";
import { z } from "zod";
import { monthAt } from "../../../shared/domain/alipay-calendar.ts";
import { closeRedis, openRedis, type RedisClient } from "../../../shared/redis/connection.ts";
import { booksKey } from "../../../shared/redis/journal/read-books.ts";
import { newNamespace } from "../../support/new-namespace.ts";
import { removeKeys } from "../../../shared/redis/remove-keys.ts";
import { riskline } from "../../unit/cli/riskline-process.ts";

const reportSchema = z.object({ days: z.unknown(), merchants: z.unknown() }).partial();

let redis: RedisClient;
let namespace: string;

beforeEach(async () => {
  redis = await openRedis(inject("redisUrl"));
  namespace = newNamespace();
  return async () => {
    await removeKeys(redis, `${namespace}:*`);
    await closeRedis(redis);
  };
});

const spend = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  riskline(["spend", ...args], { env: { REDIS_URL: inject("redisUrl"), NAMESPACE: namespace, ...env } });

/** As books.lua writes it, of a month or of a day or merchant in it. */
async function book(month: string, figures: Readonly<Record<string, number>>, whose = ""): Promise<void> {
  const suffix = whose && ` ${whose}`;
  const fields = Object.entries(figures).flatMap(([name, figure]) => [name + suffix, figure]);
  await redis.hset(`${booksKey(namespace)}:${month}`, "v", 1, ...fields);
}

const NOVEMBER = {
  calls: 1_203,
  tenThousandths: 240_600,
  scored: 1_200,
  cached: 1_000,
  belowThreshold: 700,
  fallback: 100,
  savedByCache: 200_000,
  savedByThreshold: 140_000,
};

describe("a month", () => {
  it("is shown to a person, with the minimum where it is more than the calls cost", async () => {
    await book("2026-11", NOVEMBER);
    const { status, stdout } = await spend(["--month", "2026-11"], { ALIPAY_MINIMUM_PER_MONTH: "1000" });
    expect(status).toBe(0);
    expect(stdout.replaceAll(/ {2,}/g, "  ").split("\n")).toEqual([
      "month  2026-11",
      "calls  1,203",
      "spent  24.06 CNY",
      "billed  1000.00 CNY, the month's minimum",
      "results  3,000: 1,200 scored, 1,000 from cache, 700 below the threshold, 100 fallback",
      "hit rate  33.3 %",
      "saved by cache  20.00 CNY",
      "saved by threshold  14.00 CNY",
      "",
    ]);
  });

  it("is this one where none is named, and empty where nothing is booked", async () => {
    const { stdout } = await spend(["--json"]);
    const [seconds] = await redis.time();
    expect(JSON.parse(stdout)).toMatchObject({
      period: monthAt(Number(seconds) * 1_000),
      calls: 0,
      cost: { value: "0.00", currency: "CNY" },
      billed: { value: "0.00", currency: "CNY" },
      hitRate: null,
      spentBudget: null,
    });
  });

  it("is parted into its merchants, the dearest first, whatever they are called", async () => {
    await book("2026-11", NOVEMBER);
    await book("2026-11", {
      merchants: 2,
      "calls m:store-17": 1,
      "tenThousandths m:store-17": 200,
      'calls m:a "b", c': 3,
      'tenThousandths m:a "b", c': 600,
      "calls none": 2,
      "tenThousandths none": 400,
    });
    const { stdout } = await spend(["--month", "2026-11", "--by", "merchant", "--json"]);
    const { merchants } = reportSchema.parse(JSON.parse(stdout));
    expect(merchants).toMatchObject([
      { merchantId: 'a "b", c', group: "merchant", calls: 3 },
      { merchantId: null, group: "none", calls: 2 },
      { merchantId: "store-17", group: "merchant", cost: { value: "0.02" } },
    ]);
  });

  it("is parted into its days, and no other month's", async () => {
    await book("2026-11", NOVEMBER);
    await book("2026-11", { calls: 2 }, "2026-11-02");
    await book("2026-11", { calls: 1 }, "2026-11-30");
    await book("2026-12", { calls: 9 }, "2026-12-01");
    const { stdout } = await spend(["--month", "2026-11", "--by", "day", "--json"]);
    const { days } = reportSchema.parse(JSON.parse(stdout));
    expect(days).toMatchObject([
      { period: "2026-11-02", calls: 2 },
      { period: "2026-11-30", calls: 1 },
    ]);
  });
});

it("a day is told alone, without a minimum", async () => {
  await book(
    "2026-11",
    { calls: 2, tenThousandths: 400, stoppedAt: 1_795_000_000_000, stoppedBy: 500 },
    "2026-11-23",
  );
  const { stdout } = await spend(["--day", "2026-11-23"], { ALIPAY_MINIMUM_PER_MONTH: "1000" });
  expect(stdout).toMatch(/^day +2026-11-23$/m);
  expect(stdout).toMatch(/^budget +0\.05 CNY, spent since /m);
  expect(stdout).not.toMatch(/^billed/m);
});

it.each([
  { args: ["--day", "2026-02-30"], said: "a day that exists" },
  { args: ["--day", "2026-11-23", "--by", "merchant"], said: "--by parts a month" },
  { args: ["--day", "2026-11-23", "--month", "2026-11"], said: "cannot be used with" },
])("$args is wrong usage", async ({ args, said }) => {
  const { status, stderr, stdout } = await spend(args);
  expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
  expect(stderr).toContain(said);
});
