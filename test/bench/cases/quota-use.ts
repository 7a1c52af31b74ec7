import type { BenchCase } from "../bench-case.ts";
import { CALM_CASES } from "../quota/calm-cases.ts";
import { runCase } from "../quota/run-case.ts";

const LEAST_UTILISATION = 0.95;

/** What replicas make of a quota that they share; `npm run bench:quota` goes on from here, to faults. */
export const QUOTA_USE: BenchCase = {
  name: "quota",
  what: "1, 2, 4 and 8 replicas started at once on a backlog, judged by the gateway's own clock",
  async run({ servers, isQuick, say }) {
    const extent = isQuick ? { seconds: 8, backlog: 2_000 } : { seconds: 60, backlog: 20_000 };
    const rows: string[][] = [];
    const figures: Record<string, number> = {};
    let [isUsed, isKept] = [true, true];
    for (const quotaCase of CALM_CASES.filter(({ name }) => name.startsWith("replicas-"))) {
      say(quotaCase.name);
      const { replicas, quota, calls, utilisation, windows, refusals } = await runCase(
        quotaCase,
        { ...extent, slack: 0, lateMs: 0 },
        servers,
      );
      const busiest = windows.map((window) => `${window.busiest} of ${window.calls}`).join(", ");
      const refused = Object.values(refusals).reduce((sum, count) => sum + count, 0);
      rows.push([
        String(replicas),
        quota,
        String(calls),
        `${(100 * utilisation).toFixed(1)} %`,
        busiest,
        String(refused),
      ]);
      figures[`utilisation${replicas}`] = utilisation;
      isUsed &&= utilisation >= LEAST_UTILISATION;
      isKept &&= refused === 0 && windows.every((window) => window.busiest <= window.calls);
    }
    return {
      head: ["replicas", "quota", "calls", "used", "busiest window", "refused"],
      rows,
      figures,
      goals: [
        { what: "no window with more calls than the quota", isReached: isKept },
        { what: `at least ${100 * LEAST_UTILISATION} % used`, isReached: isUsed },
      ],
    };
  },
};
