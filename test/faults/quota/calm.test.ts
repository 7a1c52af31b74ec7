import { expect, it } from "vitest";
import { CALM_CASES } from "../../bench/quota/calm-cases.ts";
import { runCase } from "../../bench/quota/run-case.ts";
import { servers } from "../../support/servers.ts";

// What is proven here is what must never happen, and that about half of the quota is used. How much, the benchmark says:
// here it would tell how busy the machine is.
// Eight replicas have up to 1,408 of the backlog in hand, and answer 400 meanwhile.
it.each(CALM_CASES)(
  "$quota, $what: the quota is kept, and used",
  async (quotaCase) => {
    const { broken } = await runCase(
      quotaCase,
      { seconds: 8, backlog: 2_500, slack: 0.5, lateMs: 5_000 },
      servers(),
    );
    expect(broken).toEqual([]);
  },
  90_000,
);
