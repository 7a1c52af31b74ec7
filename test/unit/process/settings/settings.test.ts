import { describe, expect, it } from "vitest";
import type { Parsed } from "../../../../shared/domain/parsed.ts";
import type { Setting } from "../../../../shared/process/settings/setting.ts";
import { ALL_SETTINGS } from "../../../../shared/process/settings/settings.ts";

const PEM = "M".repeat(400);

/** Every variable of the contract: what it is where it is not set, what is read from what, and what is refused. */
const EXPECTED: Readonly<
  Record<
    string,
    { unset: unknown; accepts: readonly (readonly [string, unknown])[]; refuses: readonly string[] }
  >
> = {
  NAMESPACE: {
    unset: "risk",
    accepts: [
      ["a.b_c-9", "a.b_c-9"],
      ["amqx", "amqx"],
      ["x".repeat(64), "x".repeat(64)],
    ],
    refuses: ["a:b", "a b", "a{b}", "a\n", "ö", "amq", "amq.x", "x".repeat(65)],
  },
  RISKLINE_OPERATOR: {
    unset: expect.stringMatching(/./),
    accepts: [["Ada Lovelace", "Ada Lovelace"]],
    refuses: ["a\u0000b", "a\nb", "x".repeat(129)],
  },
  LOG_LEVEL: {
    unset: "info",
    accepts: [
      ["debug", "debug"],
      ["silent", "silent"],
    ],
    refuses: ["INFO", "verbose"],
  },
  AMQP_URL: {
    unset: "amqp://localhost:5672",
    accepts: [
      ["amqps://u:p@broker/%2f", "amqps://u:p@broker/%2f"],
      ["amqp://[::1]:5672", "amqp://[::1]:5672"],
    ],
    refuses: [
      "localhost:5672",
      "http://broker",
      "amqp://",
      "amqp://broker:99999",
      "amqp://broker/%zz",
      "amqp://u:%@b",
    ],
  },
  RESULTS_QUEUE: {
    unset: true,
    accepts: [
      ["on", true],
      ["off", false],
    ],
    refuses: ["true", "0", "OFF"],
  },
  REDIS_URL: {
    unset: "redis://localhost:6379",
    accepts: [
      ["rediss://:p@redis:6380/3", "rediss://:p@redis:6380/3"],
      ["redis://redis/", "redis://redis/"],
    ],
    refuses: ["redis", "amqp://redis", "redis://redis/x", "redis://redis/1/2", "redis:///1"],
  },
  VALUE_FIRST: {
    unset: true,
    accepts: [
      ["on", true],
      ["off", false],
    ],
    refuses: ["true", "0", "OFF"],
  },
  UPGRADE_LATE: {
    unset: false,
    accepts: [
      ["on", true],
      ["off", false],
    ],
    refuses: ["true", "0", "OFF"],
  },
  RESULT_TTL_SECONDS: { unset: 86_400, accepts: [["1", 1]], refuses: ["0", "-1", "1.5", "1e3", "31536001"] },
  JOURNAL_TTL_SECONDS: { unset: 604_800, accepts: [["10", 10]], refuses: ["9", "31536001"] },
  PSEUDONYM_KEY: {
    unset: undefined,
    accepts: [["k".repeat(16), "k".repeat(16)]],
    refuses: ["k".repeat(15), "k".repeat(1_025)],
  },
  ALIPAY_APP_ID: {
    unset: "required",
    accepts: [["2021000000000000", "2021000000000000"]],
    refuses: ["a b", "a:b", "x".repeat(65)],
  },
  ALIPAY_GATEWAY_URL: {
    unset: "https://openapi.alipay.com/gateway.do",
    accepts: [["HTTPS://Gateway.example:443/a?b=c", "https://gateway.example/a?b=c"]],
    refuses: ["gateway.example", "ftp://x", "https://u:p@x", "https://x/#a", "https://"],
  },
  ALIPAY_PRIVATE_KEY: { unset: "required", accepts: [[PEM, PEM]], refuses: ["key.pem", "M".repeat(16_385)] },
  ALIPAY_PUBLIC_KEY: { unset: "required", accepts: [[PEM, PEM]], refuses: ["key.pem", "M".repeat(16_385)] },
  ALIPAY_TIMEOUT_MS: {
    unset: 3_000,
    accepts: [
      ["100", 100],
      ["60000", 60_000],
    ],
    refuses: ["99", "60001", "3s"],
  },
  ALIPAY_CALL_PRICE: {
    unset: 200,
    accepts: [
      ["0", 0],
      ["0.0001", 1],
      ["0.07", 700],
      ["1000", 10_000_000],
    ],
    refuses: ["-0.1", "0.00001", ".5", "1e2", "1000.0001", "0,02"],
  },
  ALIPAY_MINIMUM_PER_MONTH: { unset: 0, accepts: [["1000", 10_000_000]], refuses: ["-1", "1.00001"] },
  BUDGET_PER_DAY: {
    unset: undefined,
    accepts: [
      ["0", 0],
      ["50", 500_000],
      ["100000000", 1_000_000_000_000],
    ],
    refuses: ["off", "100000000.0001", "1e3"],
  },
  BUDGET_PER_MONTH: { unset: undefined, accepts: [["1000.5", 10_005_000]], refuses: ["none"] },
  BUDGET_EXHAUSTED: { unset: "hold", accepts: [["fallback", "fallback"]], refuses: ["stop"] },
  RETRY_LIMIT: {
    unset: 3,
    accepts: [
      ["0", 0],
      ["3", 3],
    ],
    refuses: ["4", "-1", "three"],
  },
  RETRY_INITIAL_DELAY_MS: {
    unset: 5_000,
    accepts: [
      ["0", 0],
      ["60000", 60_000],
    ],
    refuses: ["60001", "5 000"],
  },
  ALIPAY_QUOTA: {
    unset: [
      { calls: 20, windowMs: 1_000 },
      { calls: 50_000, windowMs: 3_600_000 },
    ],
    accepts: [["5/s", [{ calls: 5, windowMs: 1_000 }]]],
    refuses: ["20", "0/1s", "20/1w", "20/1s;1/1m"],
  },
  ALIPAY_QUOTA_HISTORY: { unset: "unknown", accepts: [["none", "none"]], refuses: ["all"] },
  ALIPAY_BAN_CODES: {
    unset: [],
    accepts: [
      ["40003", ["40003"]],
      ["40003, isv.IP_FORBIDDEN", ["40003", "isv.IP_FORBIDDEN"]],
    ],
    refuses: ["40003,", ",", "ip forbidden", "40003;40004", "x".repeat(65)],
  },
  FREEZE_HOURS: {
    unset: 86_400_000,
    accepts: [
      ["0.5", 1_800_000],
      ["48", 172_800_000],
      ["0.0010001", 3_600],
    ],
    refuses: ["0", "1d", "8761", "Infinity", "0x10"],
  },
  LIMIT_STRIKES_PER_DAY: { unset: 10, accepts: [["1", 1]], refuses: ["0", "100001"] },
  SCORE_ABOVE: {
    unset: 0,
    accepts: [
      ["100", 10_000],
      ["0.5", 50],
      ["99.99", 9_999],
      ["100000000", 10_000_000_000],
    ],
    refuses: ["0.001", "-1", "100000000.01", "1,000", "٣"],
  },
  SCORE_ABOVE_BY_CURRENCY: {
    unset: [],
    accepts: [
      ["USD:10.00", [["USD", 1_000]]],
      ["USD:10, JPY:1500", [["USD", 1_000], ["JPY", 1_500]]], // prettier-ignore
      ["KWD:0.125", [["KWD", 125]]],
      ["USD:0", [["USD", 0]]],
    ],
    refuses: [
      "CNY:5",
      "usd:10",
      "USD",
      "USD:",
      "USD:10.001",
      "JPY:1.5",
      "XXX:1",
      "ZZZ:1",
      "USD:1,USD:1",
      "USD:1,",
      "USD:-1",
    ],
  },
  SCORE_ABOVE_BY_CATEGORY: {
    unset: [],
    accepts: [
      ["5411:200", [["5411", 20_000]]],
      ["5411:200.50,0742:0", [["5411", 20_050], ["0742", 0]]], // prettier-ignore
    ],
    refuses: ["541:5", "5411", "5411:1.001", "5411:1,5411:2", "groceries:5", "5411=5", "5411:100000001"],
  },
  BELOW_THRESHOLD: { unset: "approve", accepts: [["score", "score"]], refuses: ["decline"] },
  ALWAYS_SCORE_ON: {
    unset: [],
    accepts: [
      ["device", ["device"]],
      ["place, device", ["device", "place"]],
      ["device,amount,place", ["device", "amount", "place"]],
    ],
    refuses: ["user", "device,,place", "Device", "device,device", "off"],
  },
  AMOUNT_JUMP: { unset: 10, accepts: [["2", 2]], refuses: ["1", "1.5", "10001"] },
  PLACE_JUMP_KM: { unset: 500, accepts: [["50", 50]], refuses: ["49", "20001", "500km"] },
  CACHE_TTL_SECONDS: {
    unset: 300,
    accepts: [
      ["0", 0],
      ["86400", 86_400],
    ],
    refuses: ["86401"],
  },
  RISK_REVIEW_AT: {
    unset: 0.5,
    accepts: [
      ["0", 0],
      ["1", 1],
      ["0.25", 0.25],
    ],
    refuses: ["1.1", "-0.1", "50%", "NaN"],
  },
  RISK_DECLINE_AT: { unset: 0.8, accepts: [["1", 1]], refuses: ["1.01"] },
  FALLBACK_VERDICT: {
    unset: "review",
    accepts: [
      ["approve", "approve"],
      ["decline", "decline"],
    ],
    refuses: ["fallback", "APPROVE"],
  },
  PREFETCH: {
    unset: 250,
    accepts: [
      ["4", 4],
      ["2000", 2_000],
    ],
    refuses: ["3", "2001", "0"],
  },
  SHUTDOWN_GRACE_MS: {
    unset: 25_000,
    accepts: [
      ["0", 0],
      ["600000", 600_000],
    ],
    refuses: ["600001"],
  },
  HTTP_PORT: {
    unset: { port: 9_464, isExplicit: false },
    accepts: [
      ["off", "off"],
      ["0", { port: 0, isExplicit: true }],
      ["9464", { port: 9_464, isExplicit: true }],
    ],
    refuses: ["65536", "on", "-1"],
  },
};

it("has every variable of the contract, once", () => {
  expect(ALL_SETTINGS.map((setting) => setting.name).toSorted()).toEqual(Object.keys(EXPECTED).toSorted());
});

it("reads exactly the secrets from files", () => {
  expect(ALL_SETTINGS.filter((setting) => setting.isSecret).map((setting) => setting.name)).toEqual([
    "AMQP_URL",
    "REDIS_URL",
    "PSEUDONYM_KEY",
    "ALIPAY_PRIVATE_KEY",
    "ALIPAY_PUBLIC_KEY",
  ]);
});

function unsetValue({ value, unset }: Pick<Setting<unknown>, "value" | "unset">): unknown {
  switch (unset.kind) {
    case "required":
      return "required";
    case "default":
      return valueOf(value.parse(unset.text));
    case "computed":
      return unset.value();
  }
}

const valueOf = (read: Parsed<unknown>): unknown => (read.ok ? read.value : read);

describe.each(ALL_SETTINGS)("$name", ({ name, value, unset, meaning }) => {
  const expected = EXPECTED[name] ?? { unset: "an expectation", accepts: [], refuses: [] };

  it("means something where it is not set", () => {
    expect(unsetValue({ value, unset })).toEqual(expected.unset);
  });

  it("is explained in one line", () => {
    expect(meaning).toMatch(/^[^\n|]{8,100}$/);
    expect(value.rule).toMatch(/^[^\n|]{5,100}$/);
  });

  it.each(expected.accepts)("reads %j", (text, read) => {
    expect(value.parse(text)).toEqual({ ok: true, value: read });
  });

  it.each(expected.refuses)("refuses %j", (text) => {
    expect(value.parse(text)).toEqual({ ok: false, problem: expect.stringMatching(/./) });
  });
});
