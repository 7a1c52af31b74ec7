import { InvalidArgumentError } from "commander";
import { describe, expect, it } from "vitest";
import { durationFlag } from "../../../scripts/cli/duration-flag.ts";
import { reasonFlag } from "../../../scripts/cli/reason-flag.ts";

describe("a duration", () => {
  it.each([
    ["1s", 1_000],
    ["90s", 90_000],
    ["30m", 1_800_000],
    ["2h", 7_200_000],
    ["1.5h", 5_400_000],
    ["366d", 31_622_400_000],
  ])("%s", (text, ms) => expect(durationFlag(text)).toBe(ms));

  it.each(["", "2", "h", "0s", "-1h", "500ms", "2H", "2w", "367d", "999999999d", "1e3s"])(
    "refuses %j",
    (text) => expect(() => durationFlag(text)).toThrow(InvalidArgumentError),
  );
});

describe("a reason", () => {
  it.each([
    ["maintenance", "maintenance"],
    ["  Alipay asked us, ticket 4711 ", "Alipay asked us, ticket 4711"],
    ["网关维护", "网关维护"],
    ["x".repeat(200), "x".repeat(200)],
  ])("%j", (text, reason) => expect(reasonFlag(text)).toBe(reason));

  it.each(["", "  ", "a\nb", "a\u001B[31mb", "a\u2028b", "a\u202Eb", "\uD800", "x".repeat(201)])(
    "refuses %j",
    (text) => expect(() => reasonFlag(text)).toThrow(InvalidArgumentError),
  );
});
