import { z } from "zod";
import { generateSample, SAMPLE_SCORE_ABOVE, type RowKind } from "../../../scripts/sample/generate-sample.ts";
import { startCannedGateway } from "../canned-gateway.ts";
import type { BenchCase } from "../bench-case.ts";
import { Installation } from "../installation.ts";
import { publishInPace } from "../publish-in-pace.ts";
import { quantile } from "../quantile.ts";
import { ResultClock } from "../result-clock.ts";

const GATEWAY_MS = 80;
const PER_HOUR = 50_000;
const AVERAGE_MS = 200;
const bodySchema = z.looseObject({ transactionId: z.string() });

/** How long payments wait on an ordinary day. */
export const PAYMENTS: BenchCase = {
  name: "payments",
  what: `ten minutes of ${PER_HOUR.toLocaleString("en")} an hour, as many payers coming back as in the sample, and a gateway that takes ${GATEWAY_MS} ms`,
  async run({ servers, isQuick, say }) {
    const seconds = isQuick ? 30 : 600;
    const gateway = await startCannedGateway(GATEWAY_MS);
    const installation = await Installation.create(servers, gateway.url);
    const clock = await ResultClock.start(installation);
    const worker = installation.startWorker({ SCORE_ABOVE: String(SAMPLE_SCORE_ABOVE) });
    const kinds = new Map<string, RowKind>();
    const sample = goodRows();
    try {
      await clock.answered();
      say(`${seconds} s`);
      const results = await publishInPace(clock, { perHour: PER_HOUR, seconds }, () => {
        const { value: row } = sample.next();
        const body = bodySchema.parse(JSON.parse(row.line));
        kinds.set(body.transactionId, row.kind);
        clock.publish(body);
      });
      const msOf = (kind?: RowKind): number[] =>
        results
          .filter(({ transactionId }) => kind === undefined || kinds.get(transactionId) === kind)
          .map(({ ms }) => ms);
      const all = msOf();
      return {
        head: ["payments", "count", "average, ms", "p50", "p99"],
        rows: [
          ["all", ...describe(all)],
          ["scored by a call", ...describe(msOf("large"))],
          ["from the cache", ...describe(msOf("returning"))],
          ["below the threshold", ...describe(msOf("small"))],
        ],
        figures: { averageMs: average(all), p50Ms: quantile(all, 0.5), p99Ms: quantile(all, 0.99) },
        goals: [{ what: `on the average below ${AVERAGE_MS} ms`, isReached: average(all) < AVERAGE_MS }],
      };
    } finally {
      await worker.end();
      await clock.close();
      await installation.close();
      await gateway.close();
    }
  },
};

/** Without end, of the sample's rows those that become results. */
function* goodRows(): Generator<{ readonly kind: RowKind; readonly line: string }, never> {
  for (const row of generateSample({ rows: Infinity, seed: 1 })) if (row.reason === undefined) yield row;
  throw new Error("the sample has an end");
}

const average = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

const describe = (values: readonly number[]): string[] => [
  values.length.toLocaleString("en"),
  ...[average(values), quantile(values, 0.5), quantile(values, 0.99)].map((ms) => ms.toFixed(1)),
];
