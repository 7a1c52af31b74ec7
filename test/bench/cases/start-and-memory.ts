import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../../../scripts/services/free-port.ts";
import { startCannedGateway } from "../canned-gateway.ts";
import type { BenchCase } from "../bench-case.ts";
import { Installation } from "../installation.ts";
import { cpuMsOf, memoryOf } from "../process-usage.ts";
import { median } from "../quantile.ts";

const LOOK_EVERY_MS = 5;
const READY_WITHIN_MS = 1_000;
const MOST_MB = 150;

/** How soon a replica works, and what it holds while a million wait. */
export const START_AND_MEMORY: BenchCase = {
  name: "start",
  what: "from starting the process to /readyz, and memory while many transactions wait",
  async run({ servers, isQuick, say }) {
    const waiting = isQuick ? 50_000 : 1_000_000;
    const gateway = await startCannedGateway(80);
    const installation = await Installation.create(servers, gateway.url);
    try {
      const starts: Start[] = [];
      for (let i = 0; i < (isQuick ? 3 : 11); i += 1) starts.push(await startToReady(installation));
      const readyMs = starts.map(({ ms }) => ms);
      const cpuMs = median(starts.map((start) => start.cpuMs));
      say(`ready after ${readyMs.map((ms) => ms.toFixed(0)).join(", ")} ms`);
      say(`publishing ${waiting} transactions`);
      await installation.publish(waiting);
      const { nowMb, peakMb } = await memoryWhileWaiting(installation, isQuick ? 5 : 60);
      return {
        head: ["", "", ""],
        rows: [
          ["ready", `${median(readyMs).toFixed(0)} ms`, `${Math.max(...readyMs).toFixed(0)} ms at most`],
          ["CPU until then", `${cpuMs.toFixed(0)} ms`, ""],
          [
            `memory with ${waiting.toLocaleString("en")} waiting`,
            `${nowMb.toFixed(0)} MB`,
            `${peakMb.toFixed(0)} MB at most`,
          ],
        ],
        figures: {
          readyMs: median(readyMs),
          readyMsAtMost: Math.max(...readyMs),
          cpuMs,
          waiting,
          nowMb,
          peakMb,
        },
        goals: [
          { what: `ready within ${READY_WITHIN_MS} ms`, isReached: median(readyMs) <= READY_WITHIN_MS },
          { what: `under ${MOST_MB} MB`, isReached: peakMb < MOST_MB },
        ],
      };
    } finally {
      await installation.close();
      await gateway.close();
    }
  },
};

interface Start {
  readonly ms: number;
  readonly cpuMs: number;
}

async function startToReady(installation: Installation): Promise<Start> {
  const port = await freePort();
  const startedAtMs = performance.now();
  const worker = installation.startWorker({ HTTP_PORT: String(port) });
  while (!(await isReady(port))) await sleep(LOOK_EVERY_MS);
  const start = { ms: performance.now() - startedAtMs, cpuMs: cpuMsOf(worker.pid) };
  await worker.end();
  return start;
}

const isReady = (port: number): Promise<boolean> =>
  fetch(`http://127.0.0.1:${port}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  );

/** A worker scores as fast as the quota of most applications lets it, while the rest waits. */
async function memoryWhileWaiting(installation: Installation, seconds: number) {
  const worker = installation.startWorker({ ALIPAY_QUOTA: "20/1s,50000/1h" });
  await sleep(1_000 * seconds);
  const memory = memoryOf(worker.pid);
  await worker.end();
  return memory;
}
