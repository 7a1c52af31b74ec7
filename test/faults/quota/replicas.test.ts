import { describe, it } from "vitest";
import { LANE_CASES } from "../../bench/quota/lane-cases.ts";
import { REPLICA_CASES } from "../../bench/quota/replica-cases.ts";
import { runCase } from "../../bench/quota/run-case.ts";
import { servers } from "../../support/servers.ts";

// Many at once on one machine: what is proven here is what must never happen. How much of the quota is used meanwhile,
// the benchmark says.
describe.concurrent("the quota is kept, at most four calls are made for a transaction", () => {
  it.for([...REPLICA_CASES, ...LANE_CASES])(
    "$name: $what",
    { timeout: 120_000 },
    async (quotaCase, { expect }) => {
      const { broken } = await runCase(
        quotaCase,
        { seconds: 8, backlog: 1_200, slack: 1, lateMs: 5_000 },
        servers(),
      );
      expect(broken).toEqual([]);
    },
  );
});
