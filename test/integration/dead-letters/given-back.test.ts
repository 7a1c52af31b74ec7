import { describe, expect, it } from "vitest";
import { ReplayRecords } from "../../../shared/redis/letters/replay-records.ts";
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

describe("a replay that has had the letters in hand for long enough", { timeout: PATIENT_MS }, () => {
  it("gives them back while it waits for outcomes, and goes on with its batch", async () => {
    const { pipeline, gateway } = await installation();
    const names = ids("bad", 4);
    await deadLetters(pipeline, bodies(names));
    gateway.isMended = true;
    for (const worker of pipeline.workers) await worker.end();
    const replaying = replay(pipeline, { heldMs: 100 });
    await expect.poll(() => pipeline.ready("transactions.replay"), { timeout: 30_000 }).toBe(1);
    // Nobody answers yet, so the replay still waits when somebody else has the letters.
    expect((await list(pipeline)).page).toHaveLength(3);
    await pipeline.startWorker();
    const { record } = await replaying;
    expect(record).toMatchObject({ state: "finished", counts: { replayed: 4, answered: 4 } });
    await expectAnswers(pipeline, names);
    await expectLetters(pipeline, 0);
  });

  it("gives them back while it waits for its share", async () => {
    const { pipeline, gateway } = await installation({ env: { ALIPAY_QUOTA: "30/1m" } });
    await deadLetters(pipeline, bodies(ids("bad", 3)));
    gateway.isMended = true;
    // Nine calls an hour, and four at first. Each letter may cost three: after two that cost one, two are left.
    const replaying = replay(pipeline, { heldMs: 100, share: 0.005 });
    await expectAnswers(pipeline, ["bad-0", "bad-1"]);
    expect((await list(pipeline)).page).toHaveLength(1);
    const records = new ReplayRecords(pipeline.redis, pipeline.namespace);
    const [running] = await records.last(1, Date.now());
    await records.wantPause(running?.id ?? "");
    expect((await replaying).record).toMatchObject({
      state: "paused",
      counts: { replayed: 2, answered: 2 },
    });
    await expectLetters(pipeline, 1);
  });
});
