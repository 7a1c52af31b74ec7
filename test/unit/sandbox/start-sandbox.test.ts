import { AlipaySdk } from "alipay-sdk";
import { afterEach, describe, expect, it } from "vitest";
import { FAULTS, type FaultName } from "../../../scripts/sandbox/faults.ts";
import { fixedLatency } from "../../../scripts/sandbox/latency.ts";
import type { Report } from "../../../scripts/sandbox/report.ts";
import { startSandbox, type Sandbox, type SandboxOptions } from "../../../scripts/sandbox/start-sandbox.ts";
import {
  appKeys,
  APP_ID,
  bizContent,
  callFor,
  gatewayKeys,
  isSignedByGateway,
  timestampOf,
} from "./signed-call.ts";

const running: Sandbox[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
});

async function start(options: Partial<SandboxOptions> = {}): Promise<Sandbox> {
  const sandbox = await startSandbox({
    appPublicKey: appKeys.publicKey,
    gatewayPrivateKey: gatewayKeys.privateKey,
    scenario: "instant",
    quota: [],
    ...options,
  });
  running.push(sandbox);
  return sandbox;
}

const FORM = { "content-type": "application/x-www-form-urlencoded;charset=utf-8" };

const post = (sandbox: Sandbox, body: string, signal?: AbortSignal): Promise<Response> =>
  fetch(sandbox.url, { method: "POST", headers: FORM, body, signal: signal ?? null });

const control = (sandbox: Sandbox, path: string, init?: RequestInit): Promise<Response> =>
  fetch(new URL(path, sandbox.url), init);

describe("a success", () => {
  it("is signed JSON that calls itself HTML, with a trace id and the gateway's date", async () => {
    const response = await post(await start(), callFor("T1"));
    const text = await response.text();

    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("text/html;charset=utf-8");
    expect(response.headers.get("trace_id")).toMatch(/^[0-9a-f]{32}$/);
    expect(Math.abs(Date.parse(response.headers.get("date") ?? "") - Date.now())).toBeLessThan(60_000);
    expect(isSignedByGateway(text)).toBe(true);
    expect(JSON.parse(text)).toEqual({
      alipay_security_risk_detect_response: {
        code: "10000",
        msg: "Success",
        risk_score: expect.stringMatching(/^0\.\d\d$/),
        rule_codes: expect.any(Array),
      },
      sign: expect.any(String),
    });
  });

  it("is what the official SDK gets, and believes", async () => {
    const sandbox = await start();
    const sdk = new AlipaySdk({
      appId: APP_ID,
      privateKey: appKeys.privateKey.export({ type: "pkcs1", format: "pem" }).toString(),
      alipayPublicKey: gatewayKeys.publicKey.export({ type: "spki", format: "pem" }).toString(),
      gateway: sandbox.url,
    });
    const result = await sdk.exec(
      "alipay.security.risk.detect",
      { timestamp: timestampOf(Date.now()), nonce: "0123456789abcdef", bizContent: bizContent("T1") },
      { validateSign: true },
    );
    expect(result).toMatchObject({ code: "10000", msg: "Success" });
  });

  it("comes after the latency", async () => {
    const sandbox = await start({ latency: fixedLatency(120) });
    const startedMs = performance.now();
    await post(sandbox, callFor("T1"));
    expect(performance.now() - startedMs).toBeGreaterThanOrEqual(120);
  });

  // A worker concludes from the fastest answer when a call was counted at the latest.
  it("comes so long after the call was counted, also where the machine stood still meanwhile", async () => {
    let countedMs = Infinity;
    const monotonicMs = (): number => {
      standStill(100);
      countedMs = performance.now();
      return countedMs;
    };
    const clock = { monotonicMs, wallMs: () => Date.now() };
    const sandbox = await start({ latency: fixedLatency(60), clock });
    await post(sandbox, callFor("T1"));
    expect(performance.now() - countedMs).toBeGreaterThanOrEqual(60);
  });
});

function standStill(ms: number): void {
  const endMs = performance.now() + ms;
  while (performance.now() < endMs);
}

/** What a caller sees of one answer. */
async function observe(sandbox: Sandbox): Promise<string> {
  try {
    const response = await post(sandbox, callFor("T1"), AbortSignal.timeout(400));
    const text = await response.text();
    if (response.status !== 200)
      return `http ${response.status} ${response.headers.get("retry-after") ?? "-"}`;
    if (!text.startsWith("{") || !text.endsWith("}"))
      return `no JSON (${text.length === 0 ? "empty" : "text"})`;
    const code = /"(?:sub_code|code)":"([\w.-]+)"/g;
    const last = [...text.matchAll(code)].at(-1)?.[1];
    const envelope = text.startsWith('{"error_response"') ? "error_response" : "response";
    return `${last} ${envelope} ${isSignedByGateway(text) ? "signed" : "not signed"}`;
  } catch (error) {
    return error instanceof Error && error.name === "TimeoutError" ? "time-out" : "connection lost";
  }
}

describe("a fault", () => {
  const EXPECTED: Readonly<Record<FaultName, string>> = {
    reset: "connection lost",
    silence: "time-out",
    "http-502": "http 502 -",
    "http-503": "http 503 2",
    "http-429": "http 429 2",
    html: "no JSON (text)",
    "not-json": "no JSON (text)",
    "empty-body": "no JSON (empty)",
    "unknow-error": "isp.unknow-error response signed",
    "bare-unknow-error": "aop.unknow-error error_response not signed",
    "system-error": "ACQ.SYSTEM_ERROR response signed",
    "invalid-parameter": "INVALID_PARAMETER response signed",
    "no-permission": "NO_PERMISSION response signed",
    "invalid-key": "isv.invalid-signature response not signed",
    "invalid-timestamp": "isv.invalid-timestamp response signed",
    "call-limited": "isv.app-call-limited response signed",
    punished: "isv.app-api-punished response signed",
    "wrong-signature": "10000 response not signed",
    unsigned: "10000 response not signed",
    "escaped-slashes": "10000 response not signed",
    "impossible-score": "10000 response signed",
    dribble: "time-out",
    truncated: "connection lost",
  };

  it.each(Object.entries(EXPECTED))("%s is seen as: %s", async (name, expected) => {
    const faults: Readonly<Record<string, (typeof FAULTS)[FaultName]>> = FAULTS;
    const sandbox = await start({ script: () => faults[name] });
    expect(await observe(sandbox)).toBe(expected);
  });

  it("may be of a test's own making, for one attempt of one transaction", async () => {
    const sandbox = await start({
      script: (transactionId, attempt) =>
        transactionId === "T1" && attempt === 1
          ? { kind: "refused", refusal: { code: "40004", subCode: "X", subMsg: "" }, envelope: "unsigned" }
          : undefined,
    });
    expect(await observe(sandbox)).toBe("X response not signed");
    expect(await observe(sandbox)).toBe("10000 response signed");
  });

  it("escaped-slashes is genuine once the slashes are put back", async () => {
    const text = await (await post(await start({ scenario: "escaped-slashes" }), callFor("T1"))).text();
    expect(isSignedByGateway(text)).toBe(false);
    expect(isSignedByGateway(text.replaceAll("\\/", "/"))).toBe(true);
  });
});

it("the scenario clock-skew refuses right time stamps and shows its own date", async () => {
  const sandbox = await start({ scenario: "clock-skew", latency: fixedLatency(0) });
  const response = await post(sandbox, callFor("T1"));
  expect(Date.parse(response.headers.get("date") ?? "") - Date.now()).toBeGreaterThan(500_000);
  expect(await response.text()).toContain("isv.invalid-timestamp");
});

describe("HTTP", () => {
  it.each([
    ["GET", { method: "GET" }, 405],
    ["JSON", { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }, 415],
    ["64 KiB and one byte", { method: "POST", headers: FORM, body: "x".repeat(65_537) }, 413],
    ["a megabyte", { method: "POST", headers: FORM, body: "x".repeat(1_000_000) }, 413],
  ])("%s is refused and counted", async (_what, init, status) => {
    const sandbox = await start();
    expect((await fetch(sandbox.url, init)).status).toBe(status);
    expect(sandbox.report()).toMatchObject({
      calls: { arrived: 1, wellSigned: 0 },
      answers: { [`http ${status}`]: 1 },
    });
  });

  it("closes with calls under way", async () => {
    const arrived = Promise.withResolvers<void>();
    const sandbox = await start({
      script: () => {
        arrived.resolve();
        return "silence";
      },
    });
    const call = post(sandbox, callFor("T1")).then(
      () => "answered",
      () => "broken off",
    );
    await arrived.promise;
    await sandbox.close();
    running.pop();
    expect(await call).toBe("broken off");
  });
});

describe("the control interface", () => {
  it("tells the health and the report, and changes the scenario", async () => {
    const sandbox = await start();
    expect(await (await control(sandbox, "/healthz")).json()).toEqual({ status: "ok" });

    const changed = await control(sandbox, "/scenario", { method: "POST", body: '{"scenario":"banned"}' });
    expect(await changed.json()).toEqual({ scenario: "banned" });
    expect(await observe(sandbox)).toBe("isv.app-api-punished response signed");
    const report: Report = sandbox.report();
    expect(await (await control(sandbox, "/report")).json()).toEqual({
      ...report,
      reportedAt: expect.any(String),
    });
    expect(report).toMatchObject({ scenario: "banned", calls: { arrived: 1 } });
  });

  it("forgets everything on reset, but for the scenario", async () => {
    const sandbox = await start({ quota: [{ calls: 1, windowMs: 60_000 }], banAfter: 0 });
    sandbox.setScenario("unsigned");
    await observe(sandbox);
    expect(await observe(sandbox)).toContain("punished");
    await control(sandbox, "/reset", { method: "POST" });
    expect(sandbox.report()).toMatchObject({
      scenario: "unsigned",
      calls: { arrived: 0 },
      ban: { isBanned: false },
    });
    expect(await observe(sandbox)).toBe("10000 response not signed");
  });

  it.each([
    ["POST", "/scenario", '{"scenario":"stormy"}', 400],
    ["POST", "/scenario", "{", 400],
    ["POST", "/report", "", 404],
    ["POST", "/", "", 404],
  ])("%s %s %s: %i", async (method, path, body, status) => {
    const sandbox = await start();
    const response = await control(sandbox, path, { method, body });
    expect(response.status).toBe(status);
    expect(sandbox.report()).toMatchObject({ scenario: "instant", calls: { arrived: 0 } });
  });
});
