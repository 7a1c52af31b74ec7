// What a threshold saves on a whole CSV file in the format of S-FFSD: scores it with real workers on the sandbox, and holds
// calls, spend and hit rate against an independent count of the file.
//   npm run bench:spend -- FILE [--score-above median|YUAN] [--below-threshold approve|score] [--workers 2]
//     [--quota 600/1s] [--limit ROWS] [--json OUT]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline as pipe } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "csv-parse";
import { z } from "zod";
import { mapRow } from "../../scripts/mappings/s-ffsd.ts";
import { startServices } from "../../scripts/services/start-services.ts";
import { parseQuota } from "../../shared/domain/quota.ts";
import { Pipeline } from "../support/pipeline.ts";
import { describeMachine } from "./describe-machine.ts";
import { countInOrder, medianFen, phaseOf, type Row } from "./saved-calls/count-in-order.ts";

const RISKLINE = fileURLToPath(new URL("../../scripts/cli/riskline.js", import.meta.url));
const PRICE_FEN = 2;

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    "score-above": { type: "string", default: "median" },
    "below-threshold": { type: "string", default: "approve" },
    workers: { type: "string", default: "2" },
    quota: { type: "string", default: "600/1s" },
    limit: { type: "string", default: "Infinity" },
    json: { type: "string" },
  },
});
const [file] = positionals;
const quota = parseQuota(flags.quota);
const below = z.enum(["approve", "score"]).safeParse(flags["below-threshold"]);
if (file === undefined || !quota.ok || !below.success) {
  process.stderr.write(
    "usage: npm run bench:spend -- FILE [--score-above median|YUAN] [--below-threshold approve|score] [--limit N]\n",
  );
  process.exit(2);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const rows = await readRows(file);
const thresholdFen =
  flags["score-above"] === "median" ? medianFen(rows) : Math.round(Number(flags["score-above"]) * 100);
const expected = countInOrder(rows, thresholdFen, below.data);
say(
  `${file}: ${rows.length} rows, threshold ${yuan(thresholdFen)} CNY; to come out: ${JSON.stringify(expected)}`,
);

const services = await startServices(say);
const pipeline = await Pipeline.start({
  servers: services,
  sandbox: { scenario: "calm", quota: quota.value },
  env: {
    ALIPAY_QUOTA: flags.quota,
    LIMIT_STRIKES_PER_DAY: "100",
    ALIPAY_CALL_PRICE: yuan(PRICE_FEN),
    SCORE_ABOVE: yuan(thresholdFen),
    BELOW_THRESHOLD: below.data,
    // Longer than any run: the file's own times are years, so that it cannot be played in them.
    CACHE_TTL_SECONDS: "86400",
  },
});
try {
  await Promise.all(Array.from({ length: Number(flags.workers) }, () => pipeline.startWorker()));
  await publishInPhases();
  await report();
} finally {
  await pipeline.close();
  await services.stop();
}

async function readRows(path: string): Promise<Row[]> {
  const read: Row[] = [];
  const record = z.record(z.string(), z.string());
  let line = 1;
  for await (const fields of createReadStream(path).pipe(parse({ columns: true }))) {
    line += 1;
    if (read.length >= Number(flags.limit)) break;
    const row = record.parse(fields);
    read.push({
      payer: row["Source"] ?? "",
      fen: Math.round(Number(row["Amount"]) * 100),
      body: JSON.stringify(mapRow(row, line)),
    });
  }
  return read;
}

/**
 * Payers are independent of each other, so the file's order matters only among the transactions of one payer, and there
 * only for what comes before and after the first that is scored. So three phases come to the same as one at a time.
 */
async function publishInPhases(): Promise<void> {
  const phases = phaseOf(rows, thresholdFen, flags["below-threshold"] === "score");
  let due = 0;
  for (const phase of [0, 1, 2]) {
    const bodies = rows.filter((_, at) => phases[at] === phase).map(({ body }) => body);
    due += bodies.length;
    say(`phase ${phase + 1}: ${bodies.length} transactions`);
    await publish(bodies);
    await pipeline.collector.until(
      (c) => c.resultsById.size + c.deadLetterDigests.size >= due,
      AbortSignal.timeout(3_600_000),
    );
  }
}

async function publish(bodies: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [RISKLINE, "publish", "-", "--json"], {
    env: { ...process.env, ...pipeline.env },
    stdio: ["pipe", "ignore", "inherit"],
  });
  const ended = once(child, "exit");
  await pipe(Readable.from(bodies.map((body) => `${body}\n`)), child.stdin);
  const [code] = await ended;
  if (code !== 0) throw new Error(`publish ended with ${String(code)}`);
}

/** What `riskline spend` says, as an operator would ask. */
async function readSpend() {
  const child = spawn(process.execPath, [RISKLINE, "spend", "--json"], {
    env: { ...process.env, ...pipeline.env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const chunks: Buffer[] = [];
  child.stdout.on("data", (chunk: Buffer) => chunks.push(chunk));
  await once(child, "close");
  const amount = z.object({ value: z.string() });
  return z
    .object({
      calls: z.number(),
      cost: amount,
      results: z.object({ scored: z.number(), cached: z.number(), belowThreshold: z.number() }),
      hitRate: z.number(),
      saved: z.object({ byCache: amount, byThreshold: amount }),
    })
    .parse(JSON.parse(Buffer.concat(chunks).toString()));
}

async function report(): Promise<void> {
  const sources = Map.groupBy(pipeline.collector.resultsById.values(), ([result]) => result?.source);
  const countOf = (source: "alipay" | "cache" | "below-threshold") => sources.get(source)?.length ?? 0;
  const spend = await readSpend();
  const { scored, cached, belowThreshold, bad } = expected;
  const hitRate = cached / (scored + cached + belowThreshold);
  const compared = {
    calls: [scored, pipeline.sandbox.report().calls.wellSigned, spend.calls],
    spendCny: [yuan(scored * PRICE_FEN), spend.cost.value],
    hitRate: [hitRate, spend.hitRate],
    scored: [scored, countOf("alipay"), spend.results.scored],
    fromCache: [cached, countOf("cache"), spend.results.cached],
    belowThreshold: [belowThreshold, countOf("below-threshold"), spend.results.belowThreshold],
    savedByCacheCny: [yuan(cached * PRICE_FEN), spend.saved.byCache.value],
    savedByThresholdCny: [yuan(belowThreshold * PRICE_FEN), spend.saved.byThreshold.value],
    deadLetters: [bad, pipeline.collector.deadLetterDigests.size],
  };
  const everything = rows.length - bad;
  const figures = {
    machine: describeMachine(services.described),
    scoreAboveCny: yuan(thresholdFen),
    belowThreshold: flags["below-threshold"],
    scoringEverything: { calls: everything, spendCny: yuan(everything * PRICE_FEN) },
    // Counted from the file, then as it came out, by each who counts it.
    compared,
    isEqual: Object.values(compared).every((values) => new Set<unknown>(values).size === 1),
  };
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  if (!figures.isEqual) process.exitCode = 1;
}

function yuan(fen: number): string {
  return `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")}`;
}
