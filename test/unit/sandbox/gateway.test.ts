import { describe, expect, it } from "vitest";
import type { Answer } from "../../../scripts/sandbox/answer.ts";
import { Gateway, type GatewayRules } from "../../../scripts/sandbox/gateway.ts";
import { newKeyPair } from "../../support/new-key-pair.ts";
import {
  APP_ID,
  appKeys,
  bizContent,
  callFor,
  parametersOf,
  signedForm,
  timestampOf,
} from "./signed-call.ts";

const NOW_MS = Date.parse("2026-11-23T08:00:00+08:00");
const MINUTE_MS = 60_000;

/** A clock that stands still until it is moved. */
function createClock(): { monotonicMs(): number; wallMs(): number; advance(ms: number): void } {
  let elapsedMs = 0;
  return {
    monotonicMs: () => elapsedMs,
    wallMs: () => NOW_MS + elapsedMs,
    advance: (ms) => (elapsedMs += ms),
  };
}

const createGateway = (changes: Partial<GatewayRules> = {}): Gateway =>
  new Gateway({
    appId: APP_ID,
    appPublicKey: appKeys.publicKey,
    quota: [],
    banAfter: 20,
    banHours: 24,
    scenario: "instant",
    seed: 1,
    latency: undefined,
    timestampToleranceMs: 5 * MINUTE_MS,
    script: undefined,
    clock: createClock(),
    ...changes,
  });

const inTime = { timestamp: timestampOf(NOW_MS) };

const callNow = (transactionId: string): string =>
  signedForm(parametersOf(bizContent(transactionId), inTime));

/** What an answer comes down to. */
function gist(answer: Answer): string {
  if (answer.kind !== "refused") return answer.kind;
  return `${answer.refusal.code} ${answer.refusal.subCode} ${answer.envelope}`;
}

const judge = (form: string): string => gist(createGateway().judge("", form).answer);

describe("a call", () => {
  it("that is right is scored", () => {
    expect(judge(callNow("T1"))).toBe("detected");
  });

  it("may have its parameters in the query, as the official SDK sends some", () => {
    const [first = "", ...rest] = callNow("T1").split("&");
    expect(gist(createGateway().judge(first, rest.join("&")).answer)).toBe("detected");
  });

  it.each([
    ["method", "40001 isv.missing-method error_response"],
    ["sign_type", "40001 isv.missing-signature-type unsigned"],
    ["app_id", "40001 isv.missing-app-id unsigned"],
    ["timestamp", "40001 isv.missing-timestamp unsigned"],
    ["version", "40001 isv.missing-version unsigned"],
    ["charset", "40001 isv.missing-charset unsigned"],
    ["nonce", "40001 isv.missing-nonce unsigned"],
    ["biz_content", "40001 isv.missing-biz-content unsigned"],
  ])("without %s: %s", (name, expected) => {
    const parameters = (value: string | undefined): Record<string, string> =>
      parametersOf(bizContent("T1"), { ...inTime, [name]: value });
    expect(judge(signedForm(parameters(undefined)))).toBe(expected);
    expect(judge(signedForm(parameters("")))).toBe(expected);
  });

  it("without a signature", () => {
    const form = new URLSearchParams(parametersOf(bizContent("T1"), inTime)).toString();
    expect(judge(form)).toBe("40001 isv.missing-signature unsigned");
  });

  it.each([
    ["app_id", "2021000000000002", "40002 isv.invalid-app-id unsigned"],
    ["sign_type", "RSA", "40002 isv.invalid-signature-type unsigned"],
    ["charset", "GBK", "40002 isv.invalid-charset unsigned"],
    ["version", "1.1", "40002 isv.invalid-version unsigned"],
    ["format", "xml", "40002 isv.invalid-format unsigned"],
    ["method", "alipay.trade.pay", "40002 isv.invalid-method error_response"],
    ["method", "alipayXsecurity.risk.detect", "40002 isv.invalid-method error_response"],
    ["terminal_info", "", "40002 isv.invalid-signature unsigned"],
    ["timestamp", "2026-11-23T08:00:00", "40002 isv.invalid-timestamp signed"],
    ["timestamp", "2026-02-30 08:00:00", "40002 isv.invalid-timestamp signed"],
    ["timestamp", "2026-11-23 25:00:00", "40002 isv.invalid-timestamp signed"],
    ["timestamp", "2026-11-23 00:00:00", "40002 isv.invalid-timestamp signed"], // UTC
    ["timestamp", "2026-11-23 07:54:59", "40002 isv.invalid-timestamp signed"],
    ["timestamp", "2026-11-23 08:05:01", "40002 isv.invalid-timestamp signed"],
    ["timestamp", "2026-11-23 07:55:00", "detected"],
    ["timestamp", "2026-11-23 08:05:00", "detected"],
    ["nonce", "1234567", "40002 isv.invalid-nonce signed"],
    ["nonce", "x".repeat(65), "40002 isv.invalid-nonce signed"],
    ["biz_content", "{", "40002 isv.illegal-json signed"],
    ["biz_content", "[]", "40002 isv.invalid-parameter signed"],
    ["biz_content", "null", "40002 isv.invalid-parameter signed"],
    ["app_auth_token", "unknown but signed", "detected"],
  ])("with %s = %j: %s", (name, value, expected) => {
    expect(judge(signedForm(parametersOf(bizContent("T1"), { ...inTime, [name]: value })))).toBe(expected);
  });

  it.each([
    ["of another key", signedForm(parametersOf(bizContent("T1"), inTime), newKeyPair().privateKey)],
    ["of another text", callNow("T1").replace("128.50", "128.51")],
    ["that is no base64", callNow("T1").replace(/sign=[^&]+/, "sign=***")],
    ["of a text that gained a parameter", `${callNow("T1")}&extra=1`],
  ])("with a signature %s", (_what, form) => {
    expect(judge(form)).toBe("40002 isv.invalid-signature unsigned");
  });

  it.each([
    ["a name twice", `${callNow("T1")}&version=1.0`],
    ["a broken escape", `${callNow("T1")}&x=%E4%`],
    ["an escape that is no UTF-8", `${callNow("T1")}&x=%FF`],
  ])("with %s", (_what, form) => {
    expect(judge(form)).toBe("40002 isv.invalid-parameter error_response");
  });

  it("echoes what it verified when the signature is wrong, as the real gateway does", () => {
    const { answer } = createGateway().judge("", callNow("T1").replace("128.50", "128.51"));
    expect(answer).toMatchObject({
      refusal: {
        subMsg: expect.stringContaining("&amp;biz_content={&quot;transaction_id&quot;:&quot;T1&quot;"),
      },
    });
  });
});

describe("nonces", () => {
  it("are refused when used again, also where the first call failed, for as long as the time stamp is good", () => {
    const clock = createClock();
    const gateway = createGateway({ clock, script: (_id, attempt) => (attempt === 1 ? "reset" : undefined) });
    const ahead = { timestamp: timestampOf(NOW_MS + 5 * MINUTE_MS) };
    const form = signedForm(parametersOf(bizContent("T1"), ahead));

    expect(gist(gateway.judge("", form).answer)).toBe("reset");
    clock.advance(10 * MINUTE_MS);
    expect(gist(gateway.judge("", form).answer)).toBe("40002 isv.invalid-nonce signed");
    expect(gateway.report().nonceReuses).toBe(1);
  });
});

describe("biz_content", () => {
  const judgeBiz = (changes: Record<string, unknown>): string =>
    judge(signedForm(parametersOf({ ...bizContent("T1"), ...changes }, inTime)));

  it.each([
    { amount: "0.01" },
    { amount: "100000000.00" },
    { amount: "128.5" },
    { amount: "1000", currency: "JPY" },
    { amount: "0.001", currency: "KWD" },
    { geolocation: { latitude: -90, longitude: 180 } },
    { device_fingerprint: "f".repeat(128) },
    { transaction_id: "a.B_c-9".padEnd(64, "x") },
    { transaction_id: "antibody" },
  ])("%j is accepted", (changes) => {
    expect(judgeBiz(changes)).toBe("detected");
  });

  it.each([
    { amount: 128.5 },
    { amount: "0.00" },
    { amount: "100000000.01" },
    { amount: "1e3" },
    { amount: "-1" },
    { amount: "00012.00" },
    { amount: "12." },
    { amount: "0.001" },
    { amount: "1000.00", currency: "JPY" },
    { currency: "cny" },
    { currency: undefined },
    { merchant_category_code: 5411 },
    { merchant_category_code: "742" },
    { device_fingerprint: "short" },
    { device_fingerprint: "f".repeat(129) },
    { device_fingerprint: "9f86d081\u0000884c7d659a2feaa" },
    { geolocation: { latitude: 91, longitude: 0 } },
    { geolocation: { latitude: "31", longitude: 0 } },
    { geolocation: { latitude: 0, longitude: 0, altitude: 0 } },
    { transaction_id: "T 1" },
    { transaction_id: "x".repeat(65) },
    { user_id: "2088102146225135" },
  ])("%j is an invalid parameter", (changes) => {
    expect(judgeBiz(changes)).toBe("40002 isv.invalid-parameter signed");
  });

  it("names the field, not its value", () => {
    const { answer } = createGateway().judge(
      "",
      signedForm(parametersOf({ ...bizContent("T1"), device_fingerprint: "secret" }, inTime)),
    );
    expect(answer).toMatchObject({
      refusal: { subMsg: "device_fingerprint: 16 to 128 printable characters" },
    });
  });

  it("with a suspicious word in a value looks like an attack", () => {
    expect(judgeBiz({ transaction_id: "refund-body-1" })).toBe("40002 isv.suspected-attack signed");
  });
});

describe("the quota", () => {
  const quota = [{ calls: 3, windowMs: 1_000 }];
  const judgeMany = (gateway: Gateway, count: number): string[] =>
    Array.from({ length: count }, (_, call) => gist(gateway.judge("", callNow(`T${call}`)).answer));

  const LIMITED = "40005 isv.app-call-limited signed";
  const PUNISHED = "40006 isv.app-api-punished signed";

  it("answers calls beyond it with 40005, and too many of those with the ban, until it is over", () => {
    const clock = createClock();
    const gateway = createGateway({ quota, banAfter: 2, clock });

    expect(judgeMany(gateway, 7)).toEqual([
      ...Array<string>(3).fill("detected"),
      ...Array<string>(2).fill(LIMITED),
      ...Array<string>(2).fill(PUNISHED),
    ]);
    expect(gateway.report()).toMatchObject({
      quota: [{ calls: 3, windowMs: 1_000, busiest: 7, isExceeded: true }],
      ban: { strikes: 3, isBanned: true },
    });

    clock.advance(24 * 60 * MINUTE_MS);
    const nextDay = { timestamp: timestampOf(clock.wallMs()) };
    const form = signedForm(parametersOf(bizContent("T9"), nextDay));
    expect(gist(gateway.judge("", form).answer)).toBe("detected");
  });

  it.each([
    ["calm", 3, LIMITED],
    ["limited", 1, LIMITED],
    ["throttled", 1, "http"],
    ["banned", 0, PUNISHED],
  ] as const)(
    "in the scenario %s lets %i calls through and tells the others %s",
    (scenario, passed, told) => {
      expect(judgeMany(createGateway({ quota, scenario }), 5)).toEqual([
        ...Array<string>(passed).fill("detected"),
        ...Array<string>(5 - passed).fill(told),
      ]);
    },
  );

  it("counts calls that are refused or broken off, but not those of strangers", () => {
    const gateway = createGateway({ quota, script: () => "reset" });
    gateway.judge("", callNow("T1").replace("128.50", "128.51"));
    gateway.judge("", signedForm(parametersOf({ ...bizContent("T1"), amount: "x" }, inTime)));
    gateway.judge("", signedForm(parametersOf(bizContent("T1"), { timestamp: "never" })));
    gateway.judge("", callNow("T1"));

    expect(gateway.report()).toMatchObject({
      calls: { arrived: 4, wellSigned: 3 },
      quota: [{ busiest: 3, isExceeded: false }],
      invalidSignatures: 1,
      transactions: { distinct: 1, maxCalls: 3, histogram: { "3": 1 } },
    });
  });

  it("takes a scripted limit answer for a strike", () => {
    const gateway = createGateway({
      banAfter: 1,
      script: (_id, attempt) => (attempt === 1 ? "http-429" : "call-limited"),
    });
    const answers = [callNow("T1"), callNow("T1"), callNow("T1")].map((form) =>
      gist(gateway.judge("", form).answer),
    );
    expect(answers).toEqual(["http", PUNISHED, PUNISHED]);
  });
});

describe("the report", () => {
  it("adds up what was seen", () => {
    const clock = createClock();
    const gateway = createGateway({ clock, script: (id) => (id === "T2" ? "unknow-error" : undefined) });
    gateway.judge("", signedForm(parametersOf(bizContent("T1"), { timestamp: timestampOf(NOW_MS - 2_000) })));
    gateway.judge("", callNow("T2"));
    clock.advance(1_000);
    gateway.judge("", callNow("T2"));
    gateway.judge("", signedForm(parametersOf("no transaction", inTime)));
    gateway.noteUnreadable("http 405");

    expect(gateway.report()).toEqual({
      startedAt: "2026-11-23T00:00:00.000Z",
      reportedAt: "2026-11-23T00:00:01.000Z",
      scenario: "instant",
      calls: {
        arrived: 5,
        wellSigned: 4,
        firstAt: "2026-11-23T00:00:00.000Z",
        lastAt: "2026-11-23T00:00:01.000Z",
      },
      answers: { "10000": 1, "20000": 2, "40002": 1, "http 405": 1 },
      refusals: { "isp.unknow-error": 2, "isv.invalid-parameter": 1 },
      quota: [],
      ban: { strikes: 0, isBanned: false },
      invalidSignatures: 0,
      nonceReuses: 0,
      timestampSkewMs: { min: -2_000, max: 0 },
      transactions: {
        distinct: 2,
        unnamedCalls: 1,
        maxCalls: 2,
        histogram: { "1": 1, "2": 1 },
        repeated: { total: 1, most: [{ transactionId: "T2", calls: 2 }] },
      },
    });
  });

  it("lists a thousand repeated transactions at most, those with the most calls first", () => {
    const gateway = createGateway();
    const forms = Array.from({ length: 1_001 }, (_, nth) => callNow(`T${nth}`));
    for (const form of [...forms, ...forms, callNow("T1000")]) gateway.judge("", form);

    const { repeated } = gateway.report().transactions;
    expect(repeated).toMatchObject({ total: 1_001, most: { length: 1_000 } });
    expect(repeated.most[0]).toEqual({ transactionId: "T1000", calls: 3 });
  });
});

it("draws the same latencies and faults from the same seed", () => {
  const run = (seed: number): unknown[] => {
    const gateway = createGateway({ scenario: "flaky", seed });
    return Array.from({ length: 100 }, (_, nth) => {
      const { answer, latencyMs } = gateway.judge("", callNow(`T${nth}`));
      return [gist(answer), latencyMs];
    });
  };
  expect(run(7)).toEqual(run(7));
  expect(run(7)).not.toEqual(run(8));
});

it("takes calls signed by hand for the present time", () => {
  const wallMs = Date.now();
  const clock = { monotonicMs: () => 0, wallMs: () => wallMs };
  expect(gist(createGateway({ clock }).judge("", callFor("T1")).answer)).toBe("detected");
});

it("has the same faults for a transaction's attempts in whatever order calls come", () => {
  const ids = Array.from({ length: 60 }, (_, nth) => `T${nth}`);
  const run = (order: readonly string[]): Record<string, string[]> => {
    const gateway = createGateway({ scenario: "flaky" });
    const fates: Record<string, string[]> = {};
    for (const id of order) (fates[id] ??= []).push(gist(gateway.judge("", callNow(id)).answer));
    return fates;
  };
  const inOrder = run([...ids, ...ids]);
  expect(run([...ids.toReversed(), ...ids])).toEqual(inOrder);
  const fatesOfAll = Object.values(inOrder);
  expect(fatesOfAll.some(([first, second]) => first !== second)).toBe(true);
});
