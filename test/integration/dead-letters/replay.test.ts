import { describe, expect, it } from "vitest";
import { riskline, RisklineProcess } from "../../unit/cli/riskline-process.ts";
import {
  bodies,
  callsMade,
  deadLetters,
  expectAnswers,
  expectLetters,
  ids,
  installation,
  list,
  PATIENT_MS,
  plan,
  replay,
  resume,
} from "./installation.ts";

describe("a replay", { timeout: PATIENT_MS }, () => {
  it("puts back exactly what is selected, as its dry run said, and leaves one audit record", async () => {
    const { pipeline, gateway } = await installation();
    await deadLetters(pipeline, [
      ...bodies(ids("bad", 12)),
      ...bodies(ids("wrong", 3), { amount: { value: "0.00", currency: "CNY" } }),
      ...bodies(ids("rail", 2), { rail: "wechat" }),
    ]);
    gateway.isMended = true;
    const before = callsMade(pipeline);
    const args = ["dead-letters", "replay", "--reason", "rejected", "--json"];

    const dry = await riskline([...args, "--dry-run"], { env: pipeline.env });
    const cost = { value: "0.24", currency: "CNY" };
    expect(JSON.parse(dry.stdout)).toMatchObject({ selected: 12, calls: 12, answered: 0, cost });
    expect(callsMade(pipeline)).toBe(before);
    await expectLetters(pipeline, 17);

    const { status, stdout } = await riskline([...args, "--why", "amended", "--yes"], { env: pipeline.env });
    expect(status).toBe(0);
    const counts = { replayed: 12, answered: 12, failed: 0, calls: 12 };
    expect(JSON.parse(stdout)).toMatchObject({ state: "finished", counts });
    expect(callsMade(pipeline) - before).toBe(12);
    await expectAnswers(pipeline, ids("bad", 12));
    expect(pipeline.collector.resultsById.get("bad-0")).toMatchObject([{ attempts: 2 }]);
    await expectLetters(pipeline, 5);

    const audit = await riskline(["audit", "--json"], { env: pipeline.env });
    const details = { replay: expect.stringMatching(/^R\d{14}-/), selected: 12, calls: 12 };
    expect(JSON.parse(audit.stdout)).toMatchObject([
      { act: "dead-letters-replay", reason: "amended", details },
    ]);
  });

  it("stops at its canary where the cause is not mended, and loses nothing", async () => {
    const { pipeline } = await installation();
    await deadLetters(pipeline, bodies(ids("bad", 8)));
    const before = callsMade(pipeline);
    const { end, record } = await replay(pipeline);
    expect(end).toMatchObject({
      state: "stopped",
      says: expect.stringContaining("1 of 1 failed again (rejected 40004 INVALID_PARAMETER)"),
    });
    expect(record.counts).toMatchObject({ replayed: 1, failed: 1 });
    expect(callsMade(pipeline) - before).toBe(1);
    await expectLetters(pipeline, 8);
  });

  it("never takes up what it has itself put back", async () => {
    const { pipeline } = await installation();
    await deadLetters(pipeline, bodies(ids("bad", 5)));
    const before = callsMade(pipeline);
    const { record } = await replay(pipeline, { keepGoing: true });
    expect(record).toMatchObject({ state: "finished", counts: { replayed: 5, failed: 5, calls: 5 } });
    expect(callsMade(pipeline) - before).toBe(5);
    await expectLetters(pipeline, 5);
  });

  it("calls nothing for what has an answer, and has that published again", async () => {
    const { pipeline, gateway } = await installation();
    gateway.isMended = true;
    const names = ids("good", 3);
    await pipeline.publish(bodies(names));
    await expectAnswers(pipeline, names);
    // Once more, and with a routing key that no queue takes.
    await pipeline.publish(bodies(names), { lane: "nowhere" });
    await expectLetters(pipeline, 3);
    const before = callsMade(pipeline);
    expect((await plan(pipeline)).plan).toMatchObject({ selected: 3, calls: 0, answered: 3 });
    const { record } = await replay(pipeline);
    expect(record).toMatchObject({
      state: "finished",
      counts: { republished: 3, replayed: 0, calls: 0 },
    });
    await expectAnswers(pipeline, names, 2);
    expect(callsMade(pipeline)).toBe(before);
    await expectLetters(pipeline, 0);
  });

  it("grants new calls only where it is told to, and the total stays known", async () => {
    const { pipeline, gateway } = await installation({ fault: "system-error" });
    await deadLetters(pipeline, bodies(ids("bad", 2)));
    gateway.isMended = true;
    const before = callsMade(pipeline);
    expect(await replay(pipeline)).toMatchObject({ left: 2, record: { counts: { replayed: 0 } } });
    expect(callsMade(pipeline)).toBe(before);
    expect((await plan(pipeline, { freshCalls: true })).plan).toMatchObject({ calls: 2 });
    const { record } = await replay(pipeline, { freshCalls: true });
    expect(record.counts).toMatchObject({ answered: 2, calls: 2 });
    await expectAnswers(pipeline, ids("bad", 2));
    expect(pipeline.collector.resultsById.get("bad-1")).toMatchObject([
      { attempts: 5, cost: { value: "0.10" } },
    ]);
  });

  it("grants four new calls and no more", async () => {
    const { pipeline } = await installation({ fault: "system-error" });
    await deadLetters(pipeline, bodies(["bad-0"]));
    const { record } = await replay(pipeline, { freshCalls: true });
    expect(record).toMatchObject({ state: "stopped", counts: { failed: 1, calls: 4 } });
    expect((await list(pipeline)).page).toMatchObject([
      { reason: "attempts-exhausted", attempts: 8, replays: 1, replayId: record.id },
    ]);
    expect((await plan(pipeline)).plan).toMatchObject({ calls: 0, hopeless: { "attempts-exhausted": 1 } });
    expect(pipeline.sandbox.report().transactions.maxCalls).toBe(8);
  });

  it("is counted also where the journal is gone", async () => {
    const { pipeline } = await installation({ fault: "system-error" });
    await deadLetters(pipeline, bodies(["bad-0"]));
    for (const replays of [1, 2]) {
      await pipeline.redis.del(`${pipeline.namespace}:journal:bad-0`);
      await replay(pipeline, { freshCalls: true });
      expect((await list(pipeline)).page).toMatchObject([{ reason: "attempts-exhausted", replays }]);
    }
  });

  it("pauses while calls are held, says why, and goes on where it was", async () => {
    const { pipeline, gateway } = await installation();
    await deadLetters(pipeline, bodies(ids("bad", 9)));
    gateway.isMended = true;
    await riskline(["quota", "freeze", "--reason", "maintenance"], { env: pipeline.env });
    const paused = await replay(pipeline, { patienceMs: 1_000 });
    expect(paused.end.says).toContain("calls are held: operator, maintenance");
    expect(paused.record).toMatchObject({ state: "paused", counts: { replayed: 1 } });
    await riskline(["quota", "resume", "--reason", "over", "--yes"], { env: pipeline.env });
    const resumed = await resume(pipeline, paused.record);
    expect(resumed.record).toMatchObject({ state: "finished", counts: { replayed: 9 } });
    await expectAnswers(pipeline, ids("bad", 9));
    await expectLetters(pipeline, 0);
  });

  it("killed at any point and run again loses nothing, and calls nobody twice", async () => {
    const { pipeline, gateway } = await installation();
    const names = ids("bad", 60);
    await deadLetters(pipeline, bodies(names));
    gateway.isMended = true;
    const before = callsMade(pipeline);
    for (let kill = 0; kill < 10; kill++) {
      const args = ["dead-letters", "replay", "--all", "--yes", "--wait"];
      const victim = new RisklineProcess(args, { env: pipeline.env });
      await victim.said("takes");
      setTimeout(() => victim.signal("SIGKILL"), Math.random() * 300);
      await victim.end();
      // It would run out by itself, in a quarter of a minute.
      await pipeline.redis.del(`${pipeline.namespace}:dead-letters:lock`);
    }
    const { record } = await replay(pipeline);
    expect(record.state).toBe("finished");
    await expectAnswers(pipeline, names);
    await expectLetters(pipeline, 0);
    expect(callsMade(pipeline) - before).toBe(60);
  });

  it("run twice at once calls nobody twice", async () => {
    const { pipeline, gateway } = await installation();
    const names = ids("bad", 40);
    await deadLetters(pipeline, bodies(names));
    gateway.isMended = true;
    const before = callsMade(pipeline);
    const both = await Promise.all([replay(pipeline), replay(pipeline)]);
    expect(both.map(({ end }) => end.state)).toEqual(["finished", "finished"]);
    await expectAnswers(pipeline, names);
    await expectLetters(pipeline, 0);
    expect(callsMade(pipeline) - before).toBe(40);
  });
});
