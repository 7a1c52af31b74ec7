import { describe, expect, it } from "vitest";
import { formatLive, formatLiveLine } from "../../../../scripts/cli/demo/format-live.ts";
import type { LiveView } from "../../../../scripts/cli/demo/live-view.ts";
import type { LedgerOverview } from "../../../../shared/redis/ledger/ledger-overview.ts";
import { accountsOfFour, REPORT } from "./demo-run.ts";

const LEDGER: LedgerOverview = {
  nowMs: 0,
  windows: [
    { calls: 50, windowMs: 1_000, used: 48, effective: 50 },
    { calls: 50_000, windowMs: 3_600_000, used: 1_523, effective: 50_000 },
  ],
  isInUse: true,
  quotasDisagree: false,
  setQuota: undefined,
  spacingMs: 19,
  lastCallAtMs: undefined,
  isPastUnknown: false,
  brakeRemainingMs: 0,
  rampRemainingMs: 0,
  patienceRemainingMs: 0,
  strikes: 0,
  callsUnderWay: 4,
  replicas: [],
  holds: [{ kind: "banned", code: "40006 isv.app-api-punished", sinceMs: 0, remainingMs: 1, by: "w1" }],
};

const VIEW: LiveView = {
  seconds: 12.4,
  rows: 1_000,
  balance: { ...accountsOfFour().balance(), published: 750, settled: 500 },
  gateway: REPORT,
  queued: 150,
  ledger: LEDGER,
  spend: { tenThousandths: 304_600 },
};

describe("the live view", () => {
  it.each([24, 40, 59, 60, 100, 200])("fits %i columns", (columns) => {
    const lines = formatLive(VIEW, columns).trimEnd().split("\n");
    expect(lines.filter((line) => line.length > columns)).toEqual([]);
  });

  it("shows how far it is, what came of it, and what it costs", () => {
    expect(formatLive(VIEW, 72)).toBe(
      `published ${"█".repeat(30)}${"░".repeat(10)}   750 of 1,000
settled   ${"█".repeat(20)}${"░".repeat(20)}   500 of 1,000
verdicts  approve 1, review 0, decline 1
dead      1: malformed 1
waiting   queued 150, in hand 100, calls under way 4
calls     1,523, 22 of them retries
quota     48 of 50 in 1s, 1,523 of 50,000 in 1h
busiest   49 of 50 calls in a second, at the gateway
spent     30.46 CNY
held      banned: 40006 isv.app-api-punished
`,
    );
  });

  it("says what it does not know while a server is away", () => {
    const text = formatLive({ ...VIEW, queued: undefined, ledger: undefined, spend: undefined }, 72);
    expect(text).toMatch(/^waiting +unknown$/m);
    expect(text).toMatch(/^quota +unknown$/m);
    expect(text).toMatch(/^spent +unknown$/m);
  });

  it("is a line where nothing can be drawn again", () => {
    expect(formatLiveLine(VIEW)).toBe(
      "12 s: published 750 of 1,000, settled 500, approve 1, review 0, decline 1, dead letters 1, queued 150, " +
        "calls 1,523, retries 22, busiest second 49 of 50, spent 30.46 CNY, held by banned (40006 isv.app-api-punished)",
    );
  });
});
