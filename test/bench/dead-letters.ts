import { spawn } from "node:child_process";
import { once } from "node:events";
import { parseArgs } from "node:util";
import { connect } from "amqplib";
import { declareTopology } from "../../shared/amqp/declare-topology.ts";
import { topologyOf } from "../../shared/amqp/topology.ts";
import { startServices } from "../../scripts/services/start-services.ts";
import { newNamespace } from "../support/new-namespace.ts";
import { removeTopology } from "../support/remove-topology.ts";
import { sampleBody } from "../support/sample-transaction.ts";
import { describeMachine } from "./describe-machine.ts";

/** Measures how long `dead-letters list` takes on a full queue, and how much memory: node test/bench/dead-letters.ts */

const KINDS = [
  { reason: "malformed", change: { amount: { value: "0.00", currency: "CNY" } } },
  { reason: "unsupported-rail", change: { rail: "wechat" } },
  { reason: "rejected", code: "40004 INVALID_PARAMETER", change: {} },
  { reason: "attempts-exhausted", code: "20000 aop.unknow-error", change: {} },
  { reason: "expired", change: { decideBy: "2026-11-23T08:00:02+08:00" } },
] as const;

async function run(letters: number): Promise<void> {
  const services = await startServices((line) => process.stderr.write(`${line}\n`));
  const namespace = newNamespace();
  const model = await connect(services.amqpUrl);
  try {
    await declareTopology(model, topologyOf({ namespace, hasResultsQueue: true }));
    const channel = await model.createConfirmChannel();
    for (let i = 0; i < letters; i++) {
      const kind = KINDS[i % KINDS.length] ?? KINDS[0];
      const body = Buffer.from(JSON.stringify(sampleBody({ transactionId: `T${i}`, ...kind.change })));
      const headers = {
        "x-risk-reason": kind.reason,
        "x-risk-detail": "measured",
        ...("code" in kind ? { "x-risk-code": kind.code } : {}),
        "x-risk-attempts": 1,
        "x-risk-replays": 0,
        "x-risk-failed-at": "2026-11-23T08:00:00.000+08:00",
        "x-risk-worker": "worker-1:1",
      };
      const hasRoom = channel.publish(`${namespace}.dead-letters`, kind.reason, body, {
        persistent: true,
        headers,
      });
      if (!hasRoom) await once(channel, "drain");
    }
    await channel.waitForConfirms();
    const env = { AMQP_URL: services.amqpUrl, REDIS_URL: services.redisUrl, NAMESPACE: namespace };
    process.stdout.write(
      `${describeMachine(services.described)}\n${letters} dead letters of ${KINDS.length} kinds\n`,
    );
    for (const args of [["list"], ["list", "--reason", "rejected", "--letters"]]) await measure(args, env);
  } finally {
    await removeTopology(model, namespace);
    await model.close();
    await services.stop();
  }
}

/** Runs the command as a user does; its own account of its memory comes with its end. */
async function measure(args: readonly string[], env: Readonly<Record<string, string>>): Promise<void> {
  const started = performance.now();
  const child = spawn(
    process.execPath,
    [
      "--import",
      new URL("./tell-memory.ts", import.meta.url).pathname,
      "scripts/cli/riskline.js",
      "dead-letters",
      ...args,
    ],
    { env: { PATH: process.env["PATH"] ?? "", ...env }, stdio: ["ignore", "ignore", "pipe"] },
  );
  let told = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (told += text));
  const [status]: unknown[] = await once(child, "close");
  const seconds = ((performance.now() - started) / 1_000).toFixed(1);
  process.stdout.write(
    `dead-letters ${args.join(" ")}: status ${String(status)}, ${seconds} s, ${told.trim()}\n`,
  );
}

const { values } = parseArgs({ options: { letters: { type: "string", default: "100000" } } });
await run(Number(values.letters));
