import { describe, it } from "vitest";
import { REDIS_CASES, REDIS_LONG_WINDOW_CASES } from "../../bench/quota/redis-cases.ts";
import { runCase } from "../../bench/quota/run-case.ts";
import { servers } from "../../support/servers.ts";

// Many at once on one machine: what is proven here is what must never happen. How much of the quota is used meanwhile,
// the benchmark says.
describe.concurrent("the quota is kept, and calls flow again by themselves", () => {
  it.for([...REDIS_CASES, ...REDIS_LONG_WINDOW_CASES])(
    "$name: $what",
    { timeout: 150_000 },
    async (quotaCase, { expect }) => {
      const { broken } = await runCase(
        quotaCase,
        { seconds: 6, backlog: 1_200, slack: 1, lateMs: 5_000 },
        servers(),
      );
      expect(broken).toEqual([]);
    },
  );
});
