import { FAULTS, type Fault } from "./faults.ts";
import type { Random } from "./random.ts";
import type { Scenario } from "./scenarios.ts";

/** Picks a fault by the scenario's chances, or none. */
export function drawFault(faults: Scenario["faults"], random: Random): Fault | undefined {
  let position = random();
  for (const [name, chance] of Object.entries(faults)) {
    position -= chance;
    if (position < 0) return isFaultName(name) ? FAULTS[name] : undefined;
  }
  return undefined;
}

const isFaultName = (name: string): name is keyof typeof FAULTS => Object.hasOwn(FAULTS, name);
