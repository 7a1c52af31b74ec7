import { describe, expect, it } from "vitest";
import { drawFault } from "../../../scripts/sandbox/draw-fault.ts";
import { FAULTS } from "../../../scripts/sandbox/faults.ts";
import { createRandom } from "../../../scripts/sandbox/random.ts";
import { SCENARIOS, SCENARIO_NAMES, isScenarioName } from "../../../scripts/sandbox/scenarios.ts";

describe.each(SCENARIO_NAMES)("scenario %s", (name) => {
  const chances: Readonly<Record<string, number>> = SCENARIOS[name].faults;

  it("has chances that leave no less than nothing for the truth", () => {
    expect(Object.values(chances).reduce((sum, chance) => sum + chance, 0)).toBeLessThanOrEqual(1 + 1e-9);
  });

  it("draws each fault as often as it says", () => {
    const random = createRandom(1);
    const drawn = Array.from({ length: 20_000 }, () => drawFault(chances, random));
    for (const [fault, expected] of Object.entries(FAULTS)) {
      const share = drawn.filter((one) => one === expected).length / drawn.length;
      expect(Math.abs(share - (chances[fault] ?? 0)), fault).toBeLessThan(0.012);
    }
  });
});

it.each(["", "Calm", "constructor", "toString", 1, undefined])("%j is no scenario", (name) => {
  expect(isScenarioName(name)).toBe(false);
});
