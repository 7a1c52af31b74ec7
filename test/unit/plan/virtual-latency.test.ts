import { expect, it } from "vitest";
import { VirtualLatency } from "../../../scripts/plan/virtual-latency.ts";
import { createRandom, type Random } from "../../../scripts/sandbox/random.ts";
import { LEDGER_RULES } from "../../../shared/redis/ledger/ledger-rules.ts";

const RUNS = 300;
const CALLS = 150;
/** On a machine that has much else to do, a call and its answer each wait so long on the average. */
const BUSY_MS = 15;

const exponential = (meanMs: number, random: Random): number => -meanMs * Math.log(1 - random());

/** Half of the gateway's answers take less than 74 ms, none less than 45. */
function atGatewayMs(random: Random): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return 45 + 29 * Math.exp(0.6 * normal);
}

it("on a busy machine, next to no call is taken to have arrived before it did", () => {
  const random = createRandom(1);
  let tooEarly = 0;
  for (let run = 0; run < RUNS; run += 1) {
    const latency = new VirtualLatency();
    for (let call = 0; call < CALLS; call += 1) {
      const sinceArrivalMs = atGatewayMs(random) + exponential(BUSY_MS, random);
      latency.observe(exponential(BUSY_MS, random) + sinceArrivalMs, call * 20);
      if (latency.creditMs() > sinceArrivalMs + LEDGER_RULES.MARGIN_MS) tooEarly += 1;
    }
  }
  // Believing all of the least latency of fifty answers: one in a hundred.
  expect(tooEarly / (RUNS * CALLS)).toBeLessThan(0.000_1);
});
