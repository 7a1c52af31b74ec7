import type { IncomingMessage, ServerResponse } from "node:http";
import { z } from "zod";
import { readBody } from "./read-body.ts";
import type { Report } from "./report.ts";
import { SCENARIO_NAMES, isScenarioName, type ScenarioName } from "./scenarios.ts";

/** What can be asked of a running sandbox, in the process or over HTTP. */
export interface SandboxControl {
  /** What was seen since the start or the last reset. */
  report(): Report;
  setScenario(name: ScenarioName): void;
  /** Forgets everything seen: counts, nonces, strikes, a ban. The scenario stays. */
  reset(): void;
}

const MOST_BODY_BYTES = 1_024;

const scenarioRequestSchema = z.strictObject({ scenario: z.string().refine(isScenarioName) });

type Route = (control: SandboxControl, request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** The sandbox's own HTTP interface, next to the gateway's; never counted as calls. */
const ROUTES: ReadonlyMap<string, Route> = new Map<string, Route>([
  ["GET /healthz", async (_control, _request, response) => sendJson(response, 200, { status: "ok" })],
  ["GET /report", async (control, _request, response) => sendJson(response, 200, control.report())],
  [
    "POST /reset",
    async (control, _request, response) => {
      control.reset();
      sendJson(response, 200, control.report());
    },
  ],
  ["POST /scenario", changeScenario],
]);

/** Answers a request that is not for the gateway itself. */
export async function answerControl(
  control: SandboxControl,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const route = ROUTES.get(`${request.method} ${request.url}`);
  if (route !== undefined) return route(control, request, response);
  sendJson(response, 404, { error: `known: POST /gateway.do, ${[...ROUTES.keys()].join(", ")}` });
}

/** `{"scenario":"flaky"}` */
async function changeScenario(
  control: SandboxControl,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const body = await readBody(request, MOST_BODY_BYTES);
  const wanted = scenarioRequestSchema.safeParse(parseJson(body.toString()));
  if (!wanted.success) {
    sendJson(response, 400, { error: `wanted: {"scenario": one of ${SCENARIO_NAMES.join(", ")}}` });
    return;
  }
  control.setScenario(wanted.data.scenario);
  sendJson(response, 200, wanted.data);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function sendJson(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(value)}\n`);
}
