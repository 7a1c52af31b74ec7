import { LiveBlock } from "../live-block.ts";
import { noteOnce } from "../note-once.ts";
import { formatLive, formatLiveLine } from "./format-live.ts";
import type { LiveView } from "./live-view.ts";

/** Where the demo says what happens. */
export interface Display {
  /** Until the next view. */
  readonly everyMs: number;
  readonly note: (line: string) => void;
  readonly show: (view: LiveView) => void;
  readonly end: () => void;
}

/** On standard error: a block that is drawn again and again on a terminal, elsewhere a line every few seconds. */
export function createDisplay(): Display {
  if (!process.stderr.isTTY) {
    const note = noteOnce();
    return { everyMs: 3_000, note, show: (view) => note(formatLiveLine(view)), end: () => undefined };
  }
  const block = new LiveBlock(process.stderr);
  return {
    everyMs: 500,
    note: (line) => block.note(line),
    show: (view) => block.draw(formatLive(view, block.columns)),
    end: () => block.remove(),
  };
}
