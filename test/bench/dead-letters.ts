import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connect } from "amqplib";
import { startServices } from "../../scripts/services/start-services.ts";
import { Pipeline } from "../support/pipeline.ts";
import { sampleBody } from "../support/sample-transaction.ts";
import { describeMachine } from "./describe-machine.ts";

/**
 * Measures how long `dead-letters list` takes on a full queue, and how much memory; then replays one kind, killed with
 * `kill -9` as often as asked, and twice at once: node test/bench/dead-letters.ts
 */

interface Kind {
  readonly reason: string;
  readonly code?: string;
  readonly change: object;
}

/** Few among many: what is replayed. */
const REPLAYED: Kind = { reason: "rejected", code: "40004 INVALID_PARAMETER", change: {} };
const OTHERS: readonly Kind[] = [
  { reason: "malformed", change: { amount: { value: "0.00", currency: "CNY" } } },
  { reason: "unsupported-rail", change: { rail: "wechat" } },
  { reason: "attempts-exhausted", code: "20000 aop.unknow-error", change: {} },
  { reason: "expired", change: { decideBy: "2026-11-23T08:00:02+08:00" } },
];
const REPLAY = ["replay", "--reason", REPLAYED.reason, "--share", "100%", "--yes", "--wait", "--json"];
/** After it has begun, and after it has counted. */
const SAYINGS = ["", "takes"];
const KILLED_WITHIN_MS = 6_000;

interface Amounts {
  readonly letters: number;
  readonly replayed: number;
  readonly kills: number;
}

async function run({ letters, replayed, kills }: Amounts): Promise<void> {
  const services = await startServices((line) => process.stderr.write(`${line}\n`));
  try {
    const pipeline = await Pipeline.start({ servers: services, leavesDeadLetters: true });
    try {
      await fill(pipeline, { letters, replayed });
      process.stdout.write(
        `${describeMachine(services.described)}\n${letters} dead letters of ${OTHERS.length + 1} kinds, ${replayed} of them ${REPLAYED.reason}\n`,
      );
      for (const args of [["list"], ["list", "--reason", REPLAYED.reason, "--letters"]])
        await measure(args, pipeline.env);
      await measureReplay(pipeline, { letters, replayed, kills });
    } finally {
      await pipeline.close();
    }
  } finally {
    await services.stop();
  }
}

/** As workers leave them. What is replayed is spread over the whole queue. */
async function fill(
  { env, namespace }: Pipeline,
  { letters, replayed }: Pick<Amounts, "letters" | "replayed">,
): Promise<void> {
  const model = await connect(env["AMQP_URL"] ?? "");
  const channel = await model.createConfirmChannel();
  const every = Math.floor(letters / replayed);
  for (let i = 0, put = 0; i < letters; i++) {
    const isReplayed = i % every === 0 && put < replayed;
    if (isReplayed) put += 1;
    const kind = isReplayed ? REPLAYED : (OTHERS[i % OTHERS.length] ?? REPLAYED);
    const body = Buffer.from(JSON.stringify(sampleBody({ transactionId: `T${i}`, ...kind.change })));
    const headers = {
      "x-risk-reason": kind.reason,
      "x-risk-detail": "measured",
      ...(kind.code === undefined ? {} : { "x-risk-code": kind.code }),
      "x-risk-attempts": 1,
      "x-risk-replays": 0,
      "x-risk-failed-at": "2026-11-23T08:00:00.000+08:00",
      "x-risk-worker": "worker-1:1",
    };
    const options = { persistent: true, headers };
    if (!channel.publish(`${namespace}.dead-letters`, kind.reason, body, options))
      await once(channel, "drain");
  }
  await channel.waitForConfirms();
  await model.close();
}

/** Killed so many times, then run twice at once; and what the gateway, the queue and the results' consumer saw of it. */
async function measureReplay(pipeline: Pipeline, { letters, replayed, kills }: Amounts): Promise<void> {
  await pipeline.startWorker();
  for (let kill = 0; kill < kills; kill++) {
    const { child, closed } = start(REPLAY, pipeline.env);
    await Promise.race([said(child.stderr, SAYINGS[kill % SAYINGS.length] ?? ""), closed]);
    await Promise.race([sleep(Math.random() * KILLED_WITHIN_MS), closed]);
    const hadEnded = child.exitCode !== null;
    child.kill("SIGKILL");
    await closed;
    const answered = pipeline.collector.resultsById.size;
    process.stdout.write(
      `kill ${kill + 1}: ${hadEnded ? "it had ended" : "killed"}, ${answered} answered so far\n`,
    );
    // Its lock runs out by itself within 15 s; the last one is waited for.
    if (kill < kills - 1) await pipeline.redis.del(`${pipeline.namespace}:dead-letters:lock`);
  }
  await Promise.all([measure(REPLAY, pipeline.env), measure(REPLAY, pipeline.env)]);
  const { calls, transactions } = pipeline.sandbox.report();
  const left = await pipeline.ready("dead-letters");
  process.stdout.write(
    `${pipeline.collector.resultsById.size} of ${replayed} answered, ${calls.wellSigned} calls, ${transactions.maxCalls} at most for one; ${left} of ${letters - replayed} others on the queue\n`,
  );
}

/** Runs the command as a user does; its own account of its memory comes with its end. */
async function measure(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const started = performance.now();
  const { child, closed } = start(args, env);
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
  const [status] = await closed;
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  const memory = told.trim().split("\n").at(-1) ?? "";
  process.stdout.write(`dead-letters ${args.join(" ")}: status ${String(status)}, ${seconds} s, ${memory}\n`);
}

/** Resolves once it was said. All of it is read on, or the stream never closes. */
function said(output: Readable, text: string): Promise<void> {
  let told = "";
  return new Promise((resolve) => {
    output.setEncoding("utf8").on("data", (more: string) => {
      told += more;
      if (told.includes(text)) resolve();
    });
    if (text === "") resolve();
  });
}

function start(args: readonly string[], env: Readonly<Record<string, string>>) {
  const memory = new URL("./tell-memory.ts", import.meta.url).pathname;
  const child = spawn(
    process.execPath,
    ["--import", memory, "scripts/cli/riskline.js", "dead-letters", ...args],
    { env: { PATH: process.env["PATH"] ?? "", ...env }, stdio: ["ignore", "ignore", "pipe"] },
  );
  const closed: Promise<unknown[]> = once(child, "close");
  return { child, closed };
}

const { values } = parseArgs({
  options: {
    letters: { type: "string", default: "100000" },
    replayed: { type: "string", default: "300" },
    kills: { type: "string", default: "10" },
  },
});
await run({
  letters: Number(values.letters),
  replayed: Number(values.replayed),
  kills: Number(values.kills),
});
