import { describe, expect, it } from "vitest";
import { judgeSettings } from "../../../../scripts/cli/doctor/judge-settings.ts";
import { readWhatCanBe } from "../../../../shared/process/settings/read-settings.ts";
import { ALL_SECTIONS } from "../../../../shared/process/settings/settings.ts";

const SOUND = {
  ALIPAY_APP_ID: "2021000000000001",
  ALIPAY_PRIVATE_KEY: "M".repeat(400),
  ALIPAY_PUBLIC_KEY: "M".repeat(400),
};

const judge = (changes: Readonly<Record<string, string>>) => {
  const source: Record<string, string> = { ...SOUND, ...changes };
  const isSet = (name: string): boolean => name in source;
  return judgeSettings({ ...readWhatCanBe(ALL_SECTIONS, source), typos: [], isSet });
};

it("has nothing to say about the defaults", () => {
  expect(judge({})).toEqual([
    { id: "settings-values", group: "settings", level: "ok", found: "every setting can be read" },
  ]);
});

describe("warns of what works and is hardly meant", () => {
  it.each([
    { changes: { CACHE_TTL_SECONDS: "60" }, id: "without-effect", cure: "set SCORE_ABOVE" },
    { changes: { BELOW_THRESHOLD: "score" }, id: "without-effect", cure: "set SCORE_ABOVE" },
    { changes: { RISK_REVIEW_AT: "0.8" }, id: "no-review", cure: "lower RISK_REVIEW_AT" },
    { changes: { PREFETCH: "4" }, id: "prefetch-small", cure: "raise PREFETCH" },
    {
      changes: { ALIPAY_QUOTA: "60/1m", PREFETCH: "61" },
      id: "prefetch-large",
      cure: "lower PREFETCH to 60",
    },
    { changes: { FREEZE_HOURS: "1" }, id: "freeze-short", cure: "raise FREEZE_HOURS to 24" },
    { changes: { AMQP_URL: "amqp://me:x@broker.example.com" }, id: "broker-plain", cure: "amqps:" },
    { changes: { AMQP_URL: "amqps://broker.example.com" }, id: "broker-default-user", cure: "add_user" },
    { changes: { AMQP_URL: "amqps://guest:x@8.8.8.8" }, id: "broker-default-user", cure: "add_user" },
    { changes: { REDIS_URL: "redis://:x@redis.example.com" }, id: "redis-plain", cure: "rediss:" },
    { changes: { REDIS_URL: "rediss://redis.example.com" }, id: "redis-no-password", cure: "requirepass" },
    {
      changes: { ALIPAY_GATEWAY_URL: "http://gateway.example.com/" },
      id: "plain-http-gateway",
      cure: "https:",
    },
  ])("$changes: $id", ({ changes, id, cure }) => {
    expect(judge(changes).filter(({ level }) => level !== "ok")).toEqual([
      {
        id: `settings-${id}`,
        group: "settings",
        level: "warning",
        found: expect.stringContaining(Object.keys(changes).at(-1) ?? ""),
        cure: expect.stringContaining(cure),
      },
    ]);
  });
});

it.each([
  { SCORE_ABOVE: "100", CACHE_TTL_SECONDS: "60" },
  { ALIPAY_QUOTA: "60/1m", PREFETCH: "60" },
  { FREEZE_HOURS: "1", ALIPAY_GATEWAY_URL: "http://sandbox:8787/gateway.do" },
  { AMQP_URL: "amqp://rabbitmq", REDIS_URL: "redis://redis" },
  { AMQP_URL: "amqps://me:x@broker.example.com", REDIS_URL: "rediss://:x@redis.example.com" },
])("does not warn of %j", (changes) => {
  expect(judge(changes).filter(({ level }) => level !== "ok")).toEqual([]);
});

it("tells every problem, each with its setting's rule as the cure", () => {
  const found = judge({ NAMESPACE: "a b", RETRY_LIMIT: "4", RISK_REVIEW_AT: "0.9" });
  expect(found).toMatchObject([
    { id: "settings-namespace", level: "problem" },
    {
      id: "settings-retry-limit",
      found: "RETRY_LIMIT: must be a whole number from 0 to 3",
      cure: "set RETRY_LIMIT (retries after the first call) to a whole number from 0 to 3",
    },
    { id: "settings-verdict-limits" },
  ]);
});
