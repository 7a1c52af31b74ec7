import { setTimeout as sleep } from "node:timers/promises";
import { formatInstant } from "../../shared/domain/instant.ts";
import { fitCompactRows } from "./fit-rows.ts";
import { formatDuration } from "./format-duration.ts";
import { formatJsonLine } from "./format-json.ts";
import { formatStatus, statusJson } from "./format-status.ts";
import { LiveBlock } from "./live-block.ts";
import { problemOf } from "./problem-of.ts";
import type { Status, StatusReader } from "./read-status.ts";
import { writeOut } from "./write-out.ts";

export interface WatchStatusOptions {
  readonly reader: Pick<StatusReader, "read">;
  readonly intervalMs: number;
  /** A line of JSON for each look, whatever is at the other end. */
  readonly json: boolean;
  readonly signal: AbortSignal;
}

/** Shows the status again and again: in its place on a terminal, elsewhere one below the other. Ends at the signal. */
export async function watchStatus(options: WatchStatusOptions): Promise<void> {
  const { reader, intervalMs, signal } = options;
  const screen = createScreen(options);
  while (!signal.aborted) {
    await screen.show(await reader.read());
    await sleep(intervalMs, undefined, { signal }).catch(() => undefined);
  }
  screen.end?.();
}

interface Screen {
  readonly show: (status: Status) => Promise<void> | void;
  readonly end?: () => void;
}

function createScreen({ json, intervalMs }: WatchStatusOptions): Screen {
  if (json) return { show: (status) => writeOut(formatJsonLine(statusJson(status))) };
  if (!process.stdout.isTTY) return { show: (status) => writeOut(`${formatWatched(status, intervalMs)}\n`) };
  const block = new LiveBlock(process.stdout);
  return {
    show: (status) => block.draw(formatWatched(status, intervalMs, block.columns)),
    end: () => block.end(),
  };
}

function formatWatched(status: Status, intervalMs: number, columns?: number): string {
  const nowMs = Date.now();
  const head = `${formatInstant(nowMs).slice(11, 19)} +08:00, every ${formatDuration(intervalMs)}\n`;
  const away = [
    ...(status.queues.ok ? [] : [["broker", problemOf(status.queues.error)] as const]),
    ...(status.redis.ok ? [] : [["redis", problemOf(status.redis.error)] as const]),
  ];
  const problems = away.length === 0 ? [] : [fitCompactRows(away, columns)];
  return [head, ...problems, formatStatus(status, nowMs, columns)].join("\n");
}
