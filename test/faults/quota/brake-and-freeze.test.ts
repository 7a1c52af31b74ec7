import { describe, it } from "vitest";
import { BRAKE_CASES } from "../../bench/quota/brake-cases.ts";
import { FREEZE_CASES } from "../../bench/quota/freeze-cases.ts";
import { runCase } from "../../bench/quota/run-case.ts";
import { servers } from "../../support/servers.ts";

// Many at once on one machine: what is proven here is what must never happen. How much of the quota is used meanwhile,
// the benchmark says.
describe.concurrent("signals of the gateway reach every replica", () => {
  it.for([...BRAKE_CASES, ...FREEZE_CASES])(
    "$name: $what",
    { timeout: 400_000 },
    async (quotaCase, { expect }) => {
      const { broken } = await runCase(
        quotaCase,
        { seconds: 10, backlog: 3_000, slack: 1, lateMs: 5_000 },
        servers(),
      );
      expect(broken).toEqual([]);
    },
  );
});
