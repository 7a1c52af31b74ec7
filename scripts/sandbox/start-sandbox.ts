import type { KeyObject } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { systemClock, type Clock } from "./clock.ts";
import { answerControl, type SandboxControl } from "./control.ts";
import { Gateway, type GatewayRules, type Script } from "./gateway.ts";
import type { Latency } from "./latency.ts";
import type { QuotaWindow } from "./quota-meter.ts";
import { readBody } from "./read-body.ts";
import { renderAnswer } from "./render-answer.ts";
import type { ScenarioName } from "./scenarios.ts";
import { sendReply } from "./send-reply.ts";

/** How the sandbox is set up; only the keys have no default. */
export interface SandboxOptions {
  /** Verifies the calls: the application's public key. */
  readonly appPublicKey: KeyObject;
  /** Signs the answers: the gateway's private key. */
  readonly gatewayPrivateKey: KeyObject;
  readonly appId?: string;
  /** 0, the default, takes a free one. */
  readonly port?: number;
  readonly host?: string;
  /** No windows, no limit. */
  readonly quota?: readonly QuotaWindow[];
  /** Limit answers in 24 hours that are borne; the next one is the ban. */
  readonly banAfter?: number;
  readonly banHours?: number;
  readonly scenario?: ScenarioName;
  readonly seed?: number;
  /** Replaces every scenario's own. */
  readonly latency?: Latency;
  readonly timestampToleranceMs?: number;
  /** Chooses faults by transaction and attempt; the scenario decides where it says nothing. */
  readonly script?: Script;
  readonly clock?: Clock;
}

/** A running sandbox. */
export interface Sandbox extends SandboxControl {
  /** For `ALIPAY_GATEWAY_URL`. */
  readonly url: string;
  /** Breaks off what is under way and frees the port. */
  close(): Promise<void>;
}

export const DEFAULT_APP_ID = "2021000000000001";

/** The quota that workers assume by default, too. */
export const DEFAULT_QUOTA: readonly QuotaWindow[] = [
  { calls: 20, windowMs: 1_000 },
  { calls: 50_000, windowMs: 3_600_000 },
];

const GATEWAY_PATH = "/gateway.do";
const MOST_BODY_BYTES = 64 * 1_024;
/** Longer than a worker keeps a warm socket idle, so that it is never the gateway that closes under a call. */
const KEEP_ALIVE_MS = 65_000;

/** Starts a local gateway that behaves like the strictest one; resolves when it listens. */
export async function startSandbox(options: SandboxOptions): Promise<Sandbox> {
  const { port = 0, host = "127.0.0.1" } = options;
  let scenario = options.scenario ?? "calm";
  const createGateway = (): Gateway => new Gateway({ ...gatewayRules(options), scenario });
  let gateway = createGateway();
  const control: SandboxControl = {
    report: () => gateway.report(),
    setScenario: (name) => {
      scenario = name;
      gateway.setScenario(name);
    },
    reset: () => {
      gateway = createGateway();
    },
  };
  const server = createServer({ keepAliveTimeout: KEEP_ALIVE_MS }, (request, response) => {
    const [path, query = ""] = (request.url ?? "").split("?");
    const answered =
      path === GATEWAY_PATH
        ? answerCall(gateway, options.gatewayPrivateKey, query, request, response)
        : answerControl(control, request, response);
    answered.catch((error: unknown) => response.destroy(error instanceof Error ? error : undefined));
  });
  server.listen(port, host);
  await once(server, "listening");
  return { ...control, url: gatewayUrl(server, host), close: () => close(server) };
}

function gatewayRules(options: SandboxOptions): Omit<GatewayRules, "scenario"> {
  return {
    appId: options.appId ?? DEFAULT_APP_ID,
    appPublicKey: options.appPublicKey,
    quota: options.quota ?? DEFAULT_QUOTA,
    banAfter: options.banAfter ?? 20,
    banHours: options.banHours ?? 24,
    seed: options.seed ?? 1,
    latency: options.latency,
    timestampToleranceMs: options.timestampToleranceMs ?? 300_000,
    script: options.script,
    clock: options.clock ?? systemClock,
  };
}

async function answerCall(
  gateway: Gateway,
  privateKey: KeyObject,
  query: string,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const problem = findHttpProblem(request);
  if (problem !== undefined) return refuseHttp(gateway, problem, response);
  const body = await readBody(request, MOST_BODY_BYTES);
  if (body === "aborted") return gateway.noteUnreadable("aborted");
  if (body === "too large") return refuseHttp(gateway, 413, response);
  const decision = gateway.judge(query, body.toString());
  // From here on, not from before: no answer comes sooner after its call was counted than the latency says.
  const judgedMs = performance.now();
  const reply = await renderAnswer(decision.answer, privateKey, decision.dateMs);
  await waitUntil(judgedMs + decision.latencyMs);
  sendReply(reply, response);
}

function findHttpProblem({ method, headers }: IncomingMessage): number | undefined {
  if (method !== "POST") return 405;
  const isForm = /^application\/x-www-form-urlencoded\s*(;|$)/i.test(headers["content-type"] ?? "");
  return isForm ? undefined : 415;
}

function refuseHttp(gateway: Gateway, status: number, response: ServerResponse): void {
  gateway.noteUnreadable(`http ${status}`);
  response.writeHead(status, { connection: "close" }).end();
}

/**
 * Resolves at `dueMs` of the monotonic clock or later, never before: after a turn of the event loop that took long, a
 * timer fires by so much too early. The timer alone does not keep the process alive: a closed sandbox leaves nothing
 * behind.
 */
async function waitUntil(dueMs: number): Promise<void> {
  for (;;) {
    const leftMs = dueMs - performance.now();
    if (leftMs <= 0) return;
    await delay(leftMs, undefined, { ref: false });
  }
}

function gatewayUrl(server: Server, host: string): string {
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const reachableHost = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${reachableHost.includes(":") ? `[${reachableHost}]` : reachableHost}:${port}${GATEWAY_PATH}`;
}

async function close(server: Server): Promise<void> {
  const closed = once(server, "close");
  server.close();
  server.closeAllConnections();
  await closed;
}
