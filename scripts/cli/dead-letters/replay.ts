import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { createPublisher } from "../../../shared/amqp/publisher.ts";
import { ReturnedLetters } from "../../../shared/amqp/returned-letters.ts";
import { sustainedPerSecond } from "../../../shared/domain/useful-replicas.ts";
import { persist } from "../../../shared/redis/persist.ts";
import {
  ReplayRecords,
  type ReplayCounts,
  type ReplayOrder,
  type ReplayRecord,
  type ReplayState,
} from "../../../shared/redis/letters/replay-records.ts";
import { agreeToDanger } from "../agree-to-danger.ts";
import { problemOf } from "../problem-of.ts";
import { showProgress } from "../publish/progress.ts";
import { redisNow } from "../../../shared/redis/redis-now.ts";
import { formatBatch, formatPlan, planJson } from "./format-replay.ts";
import type { LettersSession } from "./letters-session.ts";
import { assessmentOf, pricePlan } from "./price-replay.ts";
import type { ReplayEnd } from "./replay-end.ts";
import { lookWhyNothingMoves, readLedger, type ReplaySettings } from "./replay-ledger.ts";
import { ReplayRun } from "./replay-run.ts";

const NO_COUNTS = { replayed: 0, answered: 0, fallbacks: 0, failed: 0, republished: 0, copies: 0, calls: 0 };
/** Long before the broker takes away what is not settled, and no longer than others can wait. */
export const HELD_MS = 240_000;
const BEAT_MS = 2_000;
const LOOKED_AT_EVERY_MS = 300;
const END_TRIED_MS = 5_000;

/** What a replay is run with. */
export interface ReplayContext {
  readonly session: LettersSession;
  readonly settings: ReplaySettings;
  readonly patienceMs: number;
  /** Letters are in hand no longer than this at a time. */
  readonly heldMs: number;
}

/** How it ended, and how many it left because they would fail again. */
export interface Replayed {
  readonly record: ReplayRecord;
  readonly end: ReplayEnd;
  readonly left: number;
}

/** Counts, asks, writes it down with its audit, and runs it. */
export async function startReplay(
  context: ReplayContext,
  order: ReplayOrder,
  { why, yes }: { readonly why: string; readonly yes: boolean },
): Promise<Replayed> {
  const { session } = context;
  const priced = await pricePlan(context, order);
  await agreeToDanger(formatPlan(priced), yes);
  const startedAt = await redisNow(session.client);
  const id = `R${new Date(startedAt).toISOString().slice(0, 19).replaceAll(/\D/g, "")}-${randomBytes(3).toString("hex")}`;
  const record: ReplayRecord = {
    id,
    by: session.operator,
    why,
    startedAt,
    state: "running",
    order,
    counts: { ...NO_COUNTS },
  };
  const records = new ReplayRecords(session.client, session.namespace);
  return watching(session, id, async (returned) => {
    await records.start(record, { selection: order.selection, ...planJson(priced) });
    return runReplay(context, record, { records, returned });
  });
}

/**
 * Goes on with one that was paused, stopped or interrupted, as it was ordered. `keepGoing`: this time it does not stop when
 * letters fail again. @throws where nobody can, or somebody does
 */
export async function resumeReplay(
  context: ReplayContext,
  id: string,
  { why, keepGoing }: { readonly why: string; readonly keepGoing: boolean },
): Promise<Replayed> {
  const { client, namespace } = context.session;
  const records = new ReplayRecords(client, namespace);
  return watching(context.session, id, async (returned) => {
    await takeUp(context.session, records, id, why);
    const record = await records.read(id, await redisNow(client));
    if (record === undefined) throw new Error(`${id}: cannot be read`);
    const order = { ...record.order, keepGoing: record.order.keepGoing || keepGoing };
    return runReplay(context, { ...record, order }, { records, returned });
  });
}

/** Opened before anything is written down: a broker that refuses it leaves no replay behind that nobody runs. */
async function watching(
  session: LettersSession,
  replayId: string,
  run: (returned: ReturnedLetters) => Promise<Replayed>,
): Promise<Replayed> {
  const returned = await ReturnedLetters.follow({ ...session, replayId });
  try {
    return await run(returned);
  } finally {
    await returned.close();
  }
}

async function takeUp(
  { operator, isPatient, note, signal }: LettersSession,
  records: ReplayRecords,
  id: string,
  why: string,
): Promise<void> {
  for (;;) {
    const found = await records.takeUp(id, { by: operator, why });
    if (found === "taken") return;
    if (found === "absent") throw new Error(`${id}: no such replay (riskline dead-letters replays)`);
    if (found === "finished") throw new Error(`${id}: is finished`);
    const says = `${id}: is running, or was until some seconds ago`;
    if (!isPatient) throw new Error(`${says}; --wait waits for it`);
    note(`waiting: ${says}`);
    await sleep(LOOKED_AT_EVERY_MS, undefined, { signal });
  }
}

/** Runs one that `records` began or took up, from wherever it is. */
async function runReplay(
  context: ReplayContext,
  record: ReplayRecord,
  { records, returned }: { readonly records: ReplayRecords; readonly returned: ReturnedLetters },
): Promise<Replayed> {
  const { session, settings, patienceMs, heldMs } = context;
  const counts = { ...record.counts };
  const pausing = new AbortController();
  const progress = showProgress("put back", undefined);
  const publisher = createPublisher(session.connection);
  const beat = setInterval(() => void beatOnce().catch(() => undefined), BEAT_MS);
  const beatOnce = async (): Promise<void> => {
    const kept = await records.beat(record.id, counts);
    if (kept === "pause") pausing.abort(new Error("paused, as somebody wanted"));
    if (kept === "lost") pausing.abort(new Error("somebody else took it up"));
  };
  const run = new ReplayRun({
    id: record.id,
    startedAtMs: record.startedAt,
    order: record.order,
    counts,
    patienceMs,
    heldMs,
    publisher,
    returned,
    session: { ...session, isPatient: true, note: progress.note },
    assessment: assessmentOf(session, settings, record.order),
    perSecond: async () => sustainedPerSecond((await readLedger(session, settings)).windows),
    whyNothingMoves: () => lookWhyNothingMoves(session, settings),
    signal: AbortSignal.any([session.signal, pausing.signal]),
    onBatch: (batch) => progress.note(formatBatch(batch, counts.replayed)),
    onReplayed: () => progress.advance({ fileBytes: 0 }),
  });
  let end: ReplayEnd = { state: "paused", says: "interrupted" };
  try {
    await beatOnce();
    end = await run.run();
  } catch (error) {
    throw new Error(`${problemOf(error)}; go on with: riskline dead-letters replay --resume ${record.id}`, {
      cause: error,
    });
  } finally {
    clearInterval(beat);
    progress.end();
    await publisher.close();
    await writeEnd(records, record.id, counts, end.state);
  }
  return { record: { ...record, state: end.state, counts }, end, left: run.left };
}

/**
 * Best effort, for as long as Redis may take to come back from a blink: this must not hide why the replay ended. Where
 * nothing is written, nobody is heard of any more, and it can be resumed as one that was interrupted.
 */
async function writeEnd(
  records: ReplayRecords,
  id: string,
  counts: ReplayCounts,
  state: ReplayState,
): Promise<void> {
  const signal = AbortSignal.timeout(END_TRIED_MS);
  const ending = persist(() => records.end(id, counts, state), { signal, onTrouble: () => undefined });
  await ending.catch(() => undefined);
}
