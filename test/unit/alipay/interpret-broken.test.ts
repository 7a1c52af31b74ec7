import { expect, it } from "vitest";
import { interpretBroken } from "../../../shared/alipay/interpret-broken.ts";

const RECEIVED_AT_MS = Date.parse("Mon, 23 Nov 2026 00:00:00 GMT");
const HEADERS = { "retry-after": "Mon, 23 Nov 2026 00:00:07 GMT" };

it.each([
  { status: undefined, failure: { kind: "retryable", code: "reset" } },
  { status: 103, failure: { kind: "retryable", code: "reset" } },
  { status: 200, failure: { kind: "retryable", code: "reset" } },
  { status: 302, failure: { kind: "permission", code: "http-302" } },
  { status: 403, failure: { kind: "permission", code: "http-403" } },
  { status: 408, failure: { kind: "retryable", code: "http-408" } },
  { status: 429, failure: { kind: "quota", code: "http-429", retryAfterMs: 7_000 } },
  { status: 503, failure: { kind: "retryable", code: "http-503" } },
])("a reset after the head $status is $failure.code", ({ status, failure }) => {
  const head = status === undefined ? undefined : { status, headers: HEADERS };
  expect(interpretBroken("reset", head, RECEIVED_AT_MS)).toMatchObject(failure);
});

it.each(["timeout", "reset", "oversize", "unreadable"] as const)(
  "%s without a head may be repeated",
  (cause) => {
    expect(interpretBroken(cause, undefined, RECEIVED_AT_MS)).toMatchObject({
      kind: "retryable",
      code: cause,
    });
  },
);
