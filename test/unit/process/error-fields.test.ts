import fc from "fast-check";
import { expect, it } from "vitest";
import { errorFields } from "../../../shared/process/error-fields.ts";

const failed = (message: string, more: object = {}): Error => Object.assign(new Error(message), more);

it.each([
  { thrown: failed("no route", { code: "EHOSTUNREACH" }), expected: ["Error", "EHOSTUNREACH", "no route"] },
  { thrown: failed("closed", { code: 406 }), expected: ["Error", "406", "closed"] },
  { thrown: failed("x", { code: { a: 1 } }), expected: ["Error", undefined, "x"] },
  { thrown: new TypeError("two\nlines\u0000"), expected: ["TypeError", undefined, "two lines "] },
  { thrown: "text", expected: ["string", undefined, ""] },
  { thrown: undefined, expected: ["undefined", undefined, ""] },
  {
    thrown: failed("ERR unknown command 'FOO', with args beginning with: 'user-1' 'x'"),
    expected: ["Error", undefined, "ERR unknown command 'FOO'"],
  },
])("describes $thrown", ({ thrown, expected: [name, code, message] }) => {
  expect(errorFields(thrown)).toEqual({ name, code, message });
});

it("does not repeat the text that JSON.parse refused", async () => {
  const parse = async (): Promise<unknown> => JSON.parse("user-1");
  const refusal: unknown = await parse().catch((error: unknown) => error);
  expect(String(refusal)).toContain("user-1");
  expect(errorFields(refusal)).toEqual({ name: "SyntaxError", code: undefined, message: "" });
});

it("bounds the message", () => {
  expect(errorFields(failed("x".repeat(1_000_000))).message).toHaveLength(300);
});

it("tells no causes and no further properties", () => {
  const error = new Error("outer", { cause: new Error("inner") });
  Object.assign(error, { command: { args: ["user-1"] } });
  expect(Object.keys(errorFields(error))).toEqual(["name", "code", "message"]);
});

it("never shows the password of a URL", () => {
  const password = fc.stringMatching(/^[!-~]{0,20}s3cr3t[!-~]{0,20}$/);
  fc.assert(
    fc.property(fc.constantFrom("amqp", "rediss", "HTTPS"), password, fc.string(), (scheme, secret, tail) => {
      const { message } = errorFields(failed(`cannot reach ${scheme}://user:${secret}@host:1/ ${tail}`));
      expect(message).not.toContain("s3cr3t");
      expect(message).toContain("host:1/");
    }),
  );
});
