import { expect, it } from "vitest";
import { explainTrouble } from "../../../../scripts/cli/doctor/explain-trouble.ts";

const TARGET = { what: "the gateway", host: "gateway.example", variable: "ALIPAY_GATEWAY_URL" };

const failure = (code: string, message = "", cause?: unknown): Error =>
  Object.assign(new Error(message, { cause }), { code });

it.each([
  [failure("ECONNREFUSED"), "nobody listens"],
  [failure("ENOTFOUND"), "no address"],
  [failure("EAI_AGAIN"), "no address"],
  [failure("EHOSTUNREACH"), "no way"],
  [failure("CERT_HAS_EXPIRED"), "not valid now"],
  [failure("ERR_TLS_CERT_ALTNAME_INVALID"), "another name"],
  [failure("DEPTH_ZERO_SELF_SIGNED_CERT"), "not trusted"],
  [failure("UNABLE_TO_VERIFY_LEAF_SIGNATURE"), "not trusted"],
  [failure("ERR_SSL_WRONG_VERSION_NUMBER"), "does not speak TLS"],
  [failure("UND_ERR_CONNECT_TIMEOUT", "Connect Timeout Error"), "in time"],
  [new DOMException("The operation was aborted due to timeout", "TimeoutError"), "in time"],
  [new Error("Command timed out"), "in time"],
  [failure("ECONNRESET"), "hangs up"],
  [failure("UND_ERR_SOCKET", "other side closed"), "hangs up"],
  [new Error("no connection", { cause: failure("ECONNREFUSED") }), "nobody listens"],
  [new AggregateError([failure("ECONNREFUSED"), failure("ENETUNREACH")]), "nobody listens"],
])("%s: %s", (error, found) => {
  const explained = explainTrouble(error, TARGET);
  expect(explained.found).toContain(found);
  expect(explained.found).toContain("gateway.example");
  expect(explained.cure).not.toBe("");
});

it("shows what it does not know in a line, and never a password", () => {
  const { found, cure } = explainTrouble(new Error("amqp://me:hunter2@broker\nis odd"), TARGET);
  expect(found).toBe("gateway.example cannot be used: amqp://broker is odd");
  expect(cure).toContain("ALIPAY_GATEWAY_URL");
});
