import { describe, expect, it } from "vitest";
import { drawLatencyMs, fixedLatency } from "../../../scripts/sandbox/latency.ts";
import { createRandom } from "../../../scripts/sandbox/random.ts";
import { SCENARIOS } from "../../../scripts/sandbox/scenarios.ts";

describe("drawLatencyMs", () => {
  it("gives a calm gateway about 80 ms on average and never less than 45", () => {
    const random = createRandom(1);
    const drawn = Array.from({ length: 20_000 }, () => drawLatencyMs(SCENARIOS.calm.latency, random));
    expect(drawn.reduce((sum, ms) => sum + ms, 0) / drawn.length).toBeCloseTo(80, -0.5);
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(45);
    expect(Math.max(...drawn)).toBeGreaterThan(150);
  });

  it.each([0, 80])("is exact where it is fixed: %i ms", (ms) => {
    expect(drawLatencyMs(fixedLatency(ms), createRandom(1))).toBe(ms);
  });
});
