import { connect } from "amqplib";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Pipeline } from "../../support/pipeline.ts";
import {
  bodies,
  deadLetters,
  expectAnswers,
  expectLetters,
  ids,
  installation,
  list,
  PATIENT_MS,
  replay,
} from "./installation.ts";

/** Longer than any of these may take: whoever runs into it has not noticed what came back. */
const patienceMs = 60_000;

/** Does with the next replay what a broker does with what comes back to it too often. */
async function refuseNextReplay({ env, namespace }: Pipeline): Promise<void> {
  const model = await connect(env["AMQP_URL"] ?? "");
  onTestFinished(() => model.close());
  const channel = await model.createChannel();
  await channel.consume(`${namespace}.transactions.replay`, (message) => {
    if (message !== null) channel.reject(message, false);
  });
}

describe("a replay notices what comes back without a trace in the journal", { timeout: PATIENT_MS }, () => {
  it("malformed", async () => {
    const { pipeline } = await installation();
    await deadLetters(pipeline, bodies(ids("wrong", 3), { amount: { value: "0.00", currency: "CNY" } }));
    const stopped = await replay(pipeline, { hopeless: true, patienceMs });
    expect(stopped.end.says).toContain("1 of 1 failed again (malformed)");
    const { record } = await replay(pipeline, { hopeless: true, keepGoing: true, patienceMs });
    expect(record).toMatchObject({ state: "finished", counts: { replayed: 3, answered: 0, failed: 3 } });
    await expectLetters(pipeline, 3);
    // The first of them was put back twice.
    const { page } = await list(pipeline);
    const counted = page.map(({ replays = 0 }) => replays).toSorted((one, other) => one - other);
    expect(counted).toEqual([1, 1, 2]);
  });

  it("poisoned", async () => {
    const { pipeline } = await installation();
    await deadLetters(pipeline, bodies(ids("bad", 2)));
    for (const worker of pipeline.workers) await worker.end();
    await refuseNextReplay(pipeline);
    const { end, record } = await replay(pipeline, { patienceMs });
    expect(end).toMatchObject({
      state: "stopped",
      says: expect.stringContaining("1 of 1 failed again (poisoned)"),
    });
    expect(record.counts).toMatchObject({ replayed: 1, failed: 1, calls: 0 });
  });

  it("a conflict, which is no answer though its id has one", async () => {
    const { pipeline, gateway } = await installation();
    await deadLetters(pipeline, bodies(["bad-0"]));
    await pipeline.publish(bodies(["bad-0"], { amount: { value: "7.00", currency: "CNY" } }));
    await expectLetters(pipeline, 2);
    gateway.isMended = true;
    const { record } = await replay(pipeline, { keepGoing: true, patienceMs });
    expect(record).toMatchObject({ state: "finished", counts: { replayed: 2, answered: 1, failed: 1 } });
    await expectAnswers(pipeline, ["bad-0"]);
    expect((await list(pipeline)).page).toMatchObject([{ reason: "conflict", replayId: record.id }]);
  });
});
