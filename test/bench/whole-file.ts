// Publishes a whole CSV file in the format of S-FFSD through the command line, scores it with real workers on the
// sandbox, and holds what came out against an independent count of the file.
//   npm run bench:file -- FILE [--workers 3] [--quota 600/1s] [--kill-every SECONDS] [--limit ROWS] [--json OUT]
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startServices } from "../../scripts/services/start-services.ts";
import { parseQuota } from "../../shared/domain/quota.ts";
import { Pipeline } from "../support/pipeline.ts";
import type { WorkerProcess } from "../support/worker-process.ts";
import { describeMachine } from "./describe-machine.ts";

const { values: flags, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    workers: { type: "string", default: "3" },
    quota: { type: "string", default: "600/1s" },
    "kill-every": { type: "string" },
    limit: { type: "string", default: "Infinity" },
    json: { type: "string" },
  },
});
const [file] = positionals;
const quota = parseQuota(flags.quota);
if (file === undefined || !quota.ok) {
  process.stderr.write(
    `usage: npm run bench:file -- FILE [--workers N] [--quota Q] [--kill-every S] [--limit N]\n`,
  );
  process.exit(2);
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);
const rowLimit = Number(flags.limit);
const expected = await countRows(file);
say(`${file}: ${expected.rows} rows, ${expected.bad} of them with the amount 0`);

const services = await startServices(say);
say(services.described);
const pipeline = await Pipeline.start({
  servers: services,
  sandbox: { scenario: "calm", quota: quota.value },
  // Never more calls are under way than limit answers are left, and here none is expected.
  env: { ALIPAY_QUOTA: flags.quota, LIMIT_STRIKES_PER_DAY: "100" },
});
const { collector, sandbox } = pipeline;
const startedAt = performance.now();
const workers = await Promise.all(
  Array.from({ length: Number(flags.workers) }, () => pipeline.startWorker()),
);
const stopKilling =
  flags["kill-every"] === undefined ? undefined : killInTurn(workers, Number(flags["kill-every"]));
const progress = setInterval(() => {
  const { wellSigned } = sandbox.report().calls;
  say(
    `${seconds()} s: ${collector.results.length} results, ${collector.deadLetters.length} dead letters, ${wellSigned} calls`,
  );
}, 10_000);

try {
  await publish(file);
  // A transaction whose every call was cut short by a kill ends as a dead letter, too.
  await collector.until(
    (c) => c.resultsById.size + c.deadLetterDigests.size >= expected.rows,
    AbortSignal.timeout(3_600_000),
  );
} finally {
  clearInterval(progress);
  await stopKilling?.();
}
const took = seconds();
await report();
await pipeline.close();
await services.stop();

function seconds(): number {
  return Math.round((performance.now() - startedAt) / 100) / 10;
}

/** Counts what must come out, without the code under test. */
async function countRows(path: string): Promise<{ rows: number; bad: number }> {
  let rows = -1;
  let bad = 0;
  for await (const line of createInterface({ input: createReadStream(path) })) {
    if (rows >= rowLimit || line === "") continue;
    rows += 1;
    if (rows > 0 && Number(line.split(",")[3]) === 0) bad += 1;
  }
  return { rows, bad };
}

async function publish(path: string): Promise<void> {
  const riskline = fileURLToPath(new URL("../../scripts/cli/riskline.js", import.meta.url));
  const mapping = fileURLToPath(new URL("../../scripts/mappings/s-ffsd.ts", import.meta.url));
  const args = [riskline, "publish", path, "--map", mapping, "--json"];
  if (Number.isFinite(rowLimit)) args.push("--limit", String(rowLimit));
  const child = spawn(process.execPath, args, {
    env: { ...process.env, AMQP_URL: services.amqpUrl, NAMESPACE: pipeline.namespace },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`publish ended with ${String(code)}`);
}

/** Kills one worker after the other and replaces it; gives what ends that. */
function killInTurn(running: WorkerProcess[], everySeconds: number): () => Promise<void> {
  const done = new AbortController();
  const killing = (async () => {
    for (let victim = 0; ; victim = (victim + 1) % running.length) {
      await sleep(everySeconds * 1_000, undefined, { signal: done.signal }).catch(() => undefined);
      if (done.signal.aborted) return;
      await running[victim]?.end("SIGKILL");
      running[victim] = pipeline.spawnWorker();
    }
  })();
  return async () => {
    done.abort();
    await killing;
  };
}

async function report(): Promise<void> {
  const { calls, transactions, refusals, invalidSignatures, quota: windows } = sandbox.report();
  const contents = new Map<string, string>();
  let contradictions = 0;
  for (const { body, properties } of collector.results) {
    const id = String(properties.messageId);
    const text = body.toString();
    if ((contents.get(id) ?? text) !== text) contradictions += 1;
    contents.set(id, text);
  }
  const figures = {
    machine: describeMachine(services.described),
    rows: expected.rows,
    results: collector.resultsById.size,
    resultsRepeated: collector.results.length - collector.resultsById.size,
    resultsContradicting: contradictions,
    deadLetters: collector.deadLetterDigests.size,
    deadLettersExpected: expected.bad,
    deadLettersRepeated: collector.deadLetters.length - collector.deadLetterDigests.size,
    seconds: took,
    workersStarted: pipeline.workers.size,
    calls: calls.wellSigned,
    callsPerTransaction: transactions.histogram,
    invalidSignatures,
    refusals,
    quota: windows,
  };
  if (flags.json !== undefined) await writeFile(flags.json, `${JSON.stringify(figures, null, 2)}\n`);
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
}
