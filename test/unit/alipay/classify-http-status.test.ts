import { expect, it } from "vitest";
import { classifyHttpStatus } from "../../../shared/alipay/classify-http-status.ts";

it.each([
  [429, { kind: "quota", code: "http-429", retryAfterMs: 700 }],
  [500, { kind: "retryable", code: "http-500" }],
  [502, { kind: "retryable", code: "http-502" }],
  [503, { kind: "retryable", code: "http-503" }],
  [408, { kind: "retryable", code: "http-408" }],
  [204, { kind: "retryable", code: "http-204" }],
  [301, { kind: "permission", code: "http-301" }],
  [403, { kind: "permission", code: "http-403" }],
  [404, { kind: "permission", code: "http-404" }],
])("status %i without the gateway's envelope", (status, expected) => {
  expect(classifyHttpStatus(status, 700)).toMatchObject(expected);
});
