import { expect } from "vitest";
import type { FaultName } from "../../../scripts/sandbox/faults.ts";
import { listLetters, type LetterList } from "../../../scripts/cli/dead-letters/list-letters.ts";
import { withLetters, type LettersSession } from "../../../scripts/cli/dead-letters/letters-session.ts";
import { pricePlan } from "../../../scripts/cli/dead-letters/price-replay.ts";
import {
  HELD_MS,
  resumeReplay,
  startReplay,
  type Replayed,
  type ReplayContext,
} from "../../../scripts/cli/dead-letters/replay.ts";
import type { LetterSelection } from "../../../shared/domain/letters/selection.ts";
import { readSettings } from "../../../shared/process/settings/read-settings.ts";
import type { ReplayOrder, ReplayRecord } from "../../../shared/redis/letters/replay-records.ts";
import type { Pipeline } from "../../support/pipeline.ts";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

/** Real servers and processes on a machine that may be busy. */
export const PATIENT_MS = 180_000;

/** An installation that keeps its dead letters; its gateway refuses ids that begin with "bad" until it is mended. */
export async function installation({
  fault = "invalid-parameter",
  env = {},
}: { fault?: FaultName; env?: Readonly<Record<string, string>> } = {}) {
  const gateway = { isMended: false };
  const pipeline = await startPipeline({
    leavesDeadLetters: true,
    env: { RETRY_INITIAL_DELAY_MS: "20", ...env },
    sandbox: { script: (id) => (!gateway.isMended && id.startsWith("bad") ? fault : undefined) },
  });
  await pipeline.startWorker();
  return { pipeline, gateway };
}

export const ids = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, index) => `${prefix}-${index}`);

export const bodies = (names: readonly string[], changes: object = {}) =>
  names.map((transactionId) => sampleBody({ transactionId, ...changes }));

/** Publishes what will not be answered, and waits until it is where it ends. */
export async function deadLetters(pipeline: Pipeline, letters: readonly object[]): Promise<void> {
  await pipeline.publish(letters);
  await expectLetters(pipeline, letters.length);
}

export async function expectLetters(pipeline: Pipeline, count: number): Promise<void> {
  await expect.poll(() => pipeline.ready("dead-letters"), { timeout: 60_000 }).toBe(count);
}

export const callsMade = ({ sandbox }: Pipeline): number => sandbox.report().calls.wellSigned;

/** Waits until each has as many results as that, repeats included. */
export async function expectAnswers(pipeline: Pipeline, names: readonly string[], each = 1): Promise<void> {
  await pipeline.collector.until(
    ({ resultsById }) => names.every((name) => (resultsById.get(name)?.length ?? 0) >= each),
    AbortSignal.timeout(60_000),
  );
}

const settingsOf = ({ env }: Pipeline) =>
  readSettings(
    ["installation", "broker", "redis", "application", "quota", "calls", "spending", "policy", "journal"],
    env,
  );

/** In this process what a command does in its own. */
function asOperator<T>(pipeline: Pipeline, work: (session: LettersSession) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(PATIENT_MS);
  return withLetters({ settings: settingsOf(pipeline), wait: true, signal, note: () => undefined }, work);
}

export const list = (pipeline: Pipeline, selection: LetterSelection = {}): Promise<LetterList> =>
  asOperator(pipeline, (session) => listLetters(session, selection, { number: 1, size: 10_000 }));

const ORDER: ReplayOrder = { selection: {}, share: 1, freshCalls: false, hopeless: false, keepGoing: false };

interface Times {
  readonly patienceMs?: number | undefined;
  readonly heldMs?: number | undefined;
}

function contextOf(
  pipeline: Pipeline,
  session: LettersSession,
  { patienceMs = 60_000, heldMs = HELD_MS }: Times = {},
): ReplayContext {
  return { session, settings: settingsOf(pipeline), patienceMs, heldMs };
}

export const plan = (pipeline: Pipeline, order: Partial<ReplayOrder> = {}) =>
  asOperator(pipeline, (session) => pricePlan(contextOf(pipeline, session), { ...ORDER, ...order }));

export const replay = (
  pipeline: Pipeline,
  { patienceMs, heldMs, ...order }: Partial<ReplayOrder> & Times = {},
): Promise<Replayed> =>
  asOperator(pipeline, (session) =>
    startReplay(
      contextOf(pipeline, session, { patienceMs, heldMs }),
      { ...ORDER, ...order },
      { why: "amended", yes: true },
    ),
  );

export const resume = (pipeline: Pipeline, record: ReplayRecord): Promise<Replayed> =>
  asOperator(pipeline, (session) =>
    resumeReplay(contextOf(pipeline, session), record.id, {
      why: "again",
      keepGoing: false,
    }),
  );
