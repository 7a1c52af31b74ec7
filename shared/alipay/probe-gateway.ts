import { Client } from "undici";

/** What a look at the gateway found. */
export interface GatewayFacts {
  readonly status: number;
  /** From nothing to the answer's head, connecting and TLS included. */
  readonly answeredInMs: number;
  /** The clock of its `Date` header minus this machine's, right to about a second; undefined without one. */
  readonly clockOffsetMs: number | undefined;
}

/** A `Date` header tells the second that has begun. */
const HALF_A_SECOND_MS = 500;

/**
 * Asks the gateway for nothing: a GET without a single parameter. It names no application, no method and carries no
 * signature, so there is nobody to charge it to and no quota to count it in; the gateway can only say what is missing.
 * A risk call is always a signed POST.
 * @throws the driver's error where there is no answer
 */
export async function probeGateway(gatewayUrl: string, withinMs: number): Promise<GatewayFacts> {
  const first = await askOnce(gatewayUrl, withinMs);
  // The first may find this process busy with its own start.
  const second = await askOnce(gatewayUrl, withinMs);
  return second.answeredInMs < first.answeredInMs ? second : first;
}

async function askOnce(gatewayUrl: string, withinMs: number): Promise<GatewayFacts> {
  const { origin, pathname } = new URL(gatewayUrl);
  const client = new Client(origin, { connectTimeout: withinMs, allowH2: false });
  const [askedAt, askedAtMs] = [performance.now(), Date.now()];
  try {
    const { statusCode, headers, body } = await client.request({
      path: pathname,
      method: "GET",
      headers: { "user-agent": "riskline" },
      signal: AbortSignal.timeout(withinMs),
    });
    const answeredInMs = performance.now() - askedAt;
    body.on("error", () => undefined); // it is not read
    const dateMs = Date.parse(String(headers["date"]));
    const clockOffsetMs = dateMs + HALF_A_SECOND_MS - (askedAtMs + answeredInMs / 2);
    return {
      status: statusCode,
      answeredInMs,
      clockOffsetMs: Number.isNaN(clockOffsetMs) ? undefined : clockOffsetMs,
    };
  } finally {
    await client.destroy();
  }
}
