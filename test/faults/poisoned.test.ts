import { expect, it } from "vitest";
import { killingMessage, preload } from "../support/preload.ts";
import { sampleBody } from "../support/sample-transaction.ts";
import { startPipeline } from "../support/start-pipeline.ts";
import type { WorkerProcess } from "../support/worker-process.ts";

const NEIGHBOURS = Array.from({ length: 200 }, (_, i) => `neighbour-${i}`);

it("a message that kills workers is out of the way after three, and takes no neighbour along", async () => {
  // No calls: how long they take, and what a killed one holds up, is another test's matter.
  const pipeline = await startPipeline({ env: { ...preload(killingMessage()), SCORE_ABOVE: "100000" } });
  const { collector } = pipeline;
  const signal = AbortSignal.timeout(100_000);
  // In the middle, so that neighbours are in hand whenever a worker dies.
  const ids = NEIGHBOURS.toSpliced(NEIGHBOURS.length / 2, 0, "KILLER");
  await pipeline.publish(ids.map((transactionId) => sampleBody({ transactionId })));

  const isSettled = (c: typeof collector): boolean =>
    c.deadLetters.length > 0 && c.resultsById.size === NEIGHBOURS.length;
  const settled = collector.until(isSettled, signal).then(() => "settled" as const);
  const dead: WorkerProcess[] = [];
  let worker = pipeline.spawnWorker();
  while ((await Promise.race([settled, worker.ended])) !== "settled") {
    dead.push(worker);
    worker = pipeline.spawnWorker();
  }

  // Three with the message marked; before them one that had never seen it come back, and so did not suspect it.
  expect(dead).toHaveLength(4);
  expect(collector.deadLetters).toHaveLength(1);
  const [letter] = collector.deadLetters;
  expect(letter?.body.toString()).toContain('"KILLER"');
  expect(letter?.properties.headers).toMatchObject({
    "x-risk-reason": "poisoned",
    "x-risk-detail": expect.stringMatching(/^3 workers /),
    "x-risk-attempts": 0,
  });
  expect(NEIGHBOURS.filter((id) => !collector.resultsById.has(id))).toEqual([]);
  expect(worker.lines.join("\n")).toContain('"event":"workers-died-of"');
}, 120_000);
