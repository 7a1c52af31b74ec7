import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, it } from "vitest";
import { createGateway, type GatewayOptions } from "../../../shared/alipay/gateway.ts";
import { newKeyPair } from "../../support/new-key-pair.ts";
import { sampleTransaction } from "../../support/sample-transaction.ts";
import { envelopeOf, startServer, type Listener } from "./fixtures.ts";

const transaction = sampleTransaction();
const application = newKeyPair();
const alipay = newKeyPair();
const signed = (response: string) => envelopeOf(response, alipay.privateKey);
const SUCCESS = '{"code":"10000","msg":"Success","risk_score":"0.62","rule_codes":["DEVICE_VELOCITY"]}';

/** A server that answers each request by `listener`, and a gateway client towards it. */
async function startGateway(listener: Listener, options: Partial<GatewayOptions> = {}) {
  const server = await startServer(listener);
  const gateway = createGateway({
    gatewayUrl: server.url,
    appId: "2021000000000001",
    privateKey: application.privateKey,
    alipayPublicKey: alipay.publicKey,
    timeoutMs: 2_000,
    now: () => Date.now(),
    ...options,
  });
  return {
    ...gateway,
    async [Symbol.asyncDispose]() {
      await gateway.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

const answering =
  (body: string, status = 200, headers: Record<string, string> = {}) =>
  (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    response.writeHead(status, { "content-type": "text/html;charset=utf-8", ...headers }).end(body);
  };

const atOnce = { waitMs: () => 0 };
const departing = { ...atOnce, beforeDeparture: () => true };

it("brings the score of a signed success, and how long it took", async () => {
  await using gateway = await startGateway(answering(signed(SUCCESS), 200, { trace_id: "21a3f" }));
  expect(await gateway.detect(transaction, departing)).toEqual({
    kind: "scored",
    riskScore: 0.62,
    ruleCodes: ["DEVICE_VELOCITY"],
    traceId: "21a3f",
    latencyMs: expect.any(Number),
    isAnswered: true,
  });
});

it("measures the latency from departure to the answer's end", async () => {
  const holdMs = 60;
  await using gateway = await startGateway((request, response) => {
    setTimeout(() => answering(signed(SUCCESS))(request, response), holdMs);
  });
  let departedTick = 0;
  const beforeDeparture = () => (departedTick = performance.now()) > 0;
  const answer = await gateway.detect(transaction, { ...atOnce, beforeDeparture });
  const elapsedMs = performance.now() - departedTick;
  if (answer.kind === "not-sent") throw new Error(answer.detail);
  expect(answer.latencyMs).toBeGreaterThanOrEqual(holdMs - 1);
  expect(answer.latencyMs).toBeLessThanOrEqual(elapsedMs);
});

it("signs first, and leaves no earlier than it may", async () => {
  await using gateway = await startGateway(answering(signed(SUCCESS)));
  const askedAt = performance.now();
  let [signedAt, departedAt] = [0, 0];
  await gateway.detect(transaction, {
    waitMs: () => {
      signedAt = performance.now();
      return 40;
    },
    beforeDeparture: () => (departedAt = performance.now()) > 0,
  });
  expect(signedAt).toBeGreaterThan(askedAt);
  expect(departedAt - signedAt).toBeGreaterThanOrEqual(40);
});

it("signs each call anew", async () => {
  const forms: URLSearchParams[] = [];
  await using gateway = await startGateway(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    forms.push(new URLSearchParams(body));
    response.end(signed(SUCCESS));
  });
  await gateway.detect(transaction, departing);
  await gateway.detect(transaction, departing);
  expect(new Set(forms.map((form) => form.get("nonce"))).size).toBe(2);
  expect(new Set(forms.map((form) => form.get("sign"))).size).toBe(2);
});

describe("a failed call", () => {
  const limited = '{"code":"40005","msg":"Call Limited","sub_code":"isv.app-call-limited"}';
  const stamped = '{"code":"40002","msg":"Invalid Arguments","sub_code":"isv.invalid-timestamp"}';
  const inMinutes = (minutes: number) => new Date(Date.now() + minutes * 60_000).toUTCString();

  it.each([
    ["an unsigned success", answering(envelopeOf(SUCCESS)), { kind: "retryable", code: "unsigned-success" }],
    [
      "a success signed by somebody else",
      answering(envelopeOf(SUCCESS, application.privateKey)),
      { kind: "retryable", code: "wrong-signature" },
    ],
    ["garbage", answering("<html>busy</html>"), { kind: "retryable", code: "unreadable" }],
    ["nothing", answering(""), { kind: "retryable", code: "unreadable" }],
    ["a score out of range", answering(signed('{"code":"10000","risk_score":"62"}')), { code: "unreadable" }],
    ["HTTP 502", answering("<html>502</html>", 502), { kind: "retryable", code: "http-502" }],
    ["HTTP 404", answering("<html>404</html>", 404), { kind: "permission", code: "http-404" }],
    [
      "HTTP 429 with seconds",
      answering("slow down", 429, { "retry-after": "7" }),
      { kind: "quota", code: "http-429", retryAfterMs: 7_000 },
    ],
    [
      "HTTP 429 with a date, told by the gateway's clock",
      answering("", 429, {
        date: "Mon, 23 Nov 2026 00:00:00 GMT",
        "retry-after": "Mon, 23 Nov 2026 00:00:09 GMT",
      }),
      { kind: "quota", retryAfterMs: 9_000 },
    ],
    ["HTTP 429 without", answering("", 429), { kind: "quota", retryAfterMs: undefined }],
    [
      "a status error of a proxy in an envelope",
      answering('{"error_response":{"code":"503"}}', 503),
      { kind: "retryable", code: "http-503" },
    ],
    [
      "a ban behind another status",
      answering('{"error_response":{"code":"40006","sub_code":"isv.app-api-punished"}}', 403),
      { kind: "banned", code: "40006 isv.app-api-punished" },
    ],
    ["a limit", answering(signed(limited)), { kind: "quota", code: "40005 isv.app-call-limited" }],
    ["an unsigned error_response", answering(`{"error_response":${limited}}`), { kind: "quota" }],
    [
      "a refused time stamp, our clock ahead",
      answering(signed(stamped), 200, { date: inMinutes(-10) }),
      { kind: "clock-skew" },
    ],
    ["a refused time stamp, clocks agreeing", answering(signed(stamped)), { kind: "permission" }],
    ["an unknown code", answering(signed('{"code":"51234"}')), { kind: "unknown-code", code: "51234" }],
  ])("%s", async (_, listener, failure) => {
    await using gateway = await startGateway(listener);
    const answer = await gateway.detect(transaction, departing);
    expect(answer).toMatchObject({ kind: "failed", failure, isAnswered: true, traceId: null });
  });

  it("measures the skew by the answer's date", async () => {
    const nowMs = Date.parse("2026-11-23T00:10:00Z");
    const listener = answering(signed(stamped), 200, { date: "Mon, 23 Nov 2026 00:00:00 GMT" });
    await using gateway = await startGateway(listener, { now: () => nowMs });
    expect(await gateway.detect(transaction, departing)).toMatchObject({
      failure: { kind: "clock-skew", skewMs: 600_000 },
    });
  });

  it("counts the configuration's codes as a ban", async () => {
    await using gateway = await startGateway(answering(signed('{"code":"40004","sub_code":"ACQ.BLOCKED"}')), {
      banCodes: ["blocked"],
    });
    expect(await gateway.detect(transaction, departing)).toMatchObject({
      failure: { kind: "banned", code: "40004 ACQ.BLOCKED" },
    });
  });

  it("never repeats what the gateway echoes of a transaction", async () => {
    const echo = `{"code":"40002","msg":"${transaction.deviceFingerprint}","sub_code":"isv.invalid-signature","sub_msg":"${transaction.deviceFingerprint}"}`;
    await using gateway = await startGateway(answering(signed(echo), 200, { trace_id: "a b=c" }));
    const answer = await gateway.detect(transaction, departing);
    expect(answer).toMatchObject({ kind: "failed", failure: { kind: "permission" }, traceId: null });
    expect(JSON.stringify(answer)).not.toContain(transaction.deviceFingerprint);
  });

  it.each([
    ["silence", () => undefined, { code: "timeout" }],
    ["a reset", (request: IncomingMessage) => void request.socket.resetAndDestroy(), { code: "reset" }],
    ["an endless answer", answering("x".repeat(300_000)), { code: "oversize" }],
  ])("%s", async (name, listener, failure) => {
    await using gateway = await startGateway(listener, { timeoutMs: 200 });
    const answer = await gateway.detect(transaction, departing);
    expect(answer).toMatchObject({
      kind: "failed",
      failure: { kind: "retryable", ...failure },
      isAnswered: name === "an endless answer",
    });
  });
});

describe("a limit answer that breaks off after its head", () => {
  /** A head that promises more than the part that comes with it. */
  const begin = (response: ServerResponse, then: () => void) => {
    response.writeHead(429, { "retry-after": "60", "content-length": 100 });
    response.write("part", then);
  };

  it.each<[string, Listener]>([
    ["by a reset", (_, response) => begin(response, () => response.destroy())],
    ["by silence", (_, response) => begin(response, () => undefined)],
    ["for its size", answering("x".repeat(300_000), 429, { "retry-after": "60" })],
  ])("%s is one", async (_, listener) => {
    await using gateway = await startGateway(listener, { timeoutMs: 500 });
    expect(await gateway.detect(transaction, departing)).toMatchObject({
      kind: "failed",
      failure: { kind: "quota", code: "http-429", retryAfterMs: 60_000 },
      isAnswered: true,
    });
  });
});

describe("a call that is not made", () => {
  it("because it may not depart", async () => {
    await using gateway = await startGateway(answering(signed(SUCCESS)));
    expect(await gateway.detect(transaction, { ...atOnce, beforeDeparture: () => false })).toMatchObject({
      kind: "not-sent",
      why: "withdrawn",
    });
  });

  it("because of an abort before it or on the way to its socket", async () => {
    await using gateway = await startGateway(answering(signed(SUCCESS)));
    let asked = 0;
    const beforeDeparture = () => (asked += 1) > 0;
    const early = await gateway.detect(transaction, {
      ...atOnce,
      beforeDeparture,
      signal: AbortSignal.abort(),
    });
    expect(early).toMatchObject({ kind: "not-sent", why: "aborted" });

    const stopping = new AbortController();
    const answer = gateway.detect(transaction, { ...atOnce, beforeDeparture, signal: stopping.signal });
    stopping.abort();
    expect(await answer).toMatchObject({ kind: "not-sent", why: "aborted" });
    expect(asked).toBe(0);
  });
});

it("an abort during a call does not throw the paid answer away", async () => {
  const stopping = new AbortController();
  await using gateway = await startGateway((request, response) => {
    stopping.abort();
    answering(signed(SUCCESS))(request, response);
  });
  expect(await gateway.detect(transaction, { ...departing, signal: stopping.signal })).toMatchObject({
    kind: "scored",
  });
});
