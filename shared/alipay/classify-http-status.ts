import type { Failure, OwnCode } from "../domain/failure.ts";

/** Statuses below 500 that say "not now" instead of "not like this". */
const TRANSIENT_STATUSES: ReadonlySet<number> = new Set([408, 425]);

/**
 * What an HTTP status other than 200 means where the body is no answer of the gateway or broke off: something
 * between us and the gateway spoke (the gateway itself answers errors with 200, too). Redirects, 401,
 * 403, 404 and their like come from a wrong address or a proxy that refuses us: our configuration, so
 * calls are held and no transaction pays for it.
 */
export function classifyHttpStatus(status: number, retryAfterMs: number | undefined): Failure {
  const code: OwnCode = `http-${status}`;
  if (status === 429) return { kind: "quota", code, retryAfterMs };
  if (status >= 300 && status < 500 && !TRANSIENT_STATUSES.has(status)) {
    return { kind: "permission", code, detail: `HTTP status ${status}: is ALIPAY_GATEWAY_URL right?` };
  }
  return { kind: "retryable", code, detail: `HTTP status ${status} without the gateway's envelope` };
}
