import { describe, expect, it } from "vitest";
import { backoffMs } from "../../../shared/amqp/backoff-ms.ts";

describe("backoffMs", () => {
  it.each([
    { failures: 1, least: 80, most: 120 },
    { failures: 2, least: 160, most: 240 },
    { failures: 4, least: 640, most: 960 },
    { failures: 7, least: 4_000, most: 6_000 },
    { failures: 1_000_000, least: 4_000, most: 6_000 },
  ])("after $failures failures it waits $least to $most ms", ({ failures, least, most }) => {
    expect(backoffMs(failures, () => 0)).toBe(least);
    expect(backoffMs(failures, () => 1)).toBe(most);
  });
});
