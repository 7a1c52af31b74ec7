import { SingleBar } from "cli-progress";
import { inGroups } from "../in-groups.ts";
import { noteOnce } from "../note-once.ts";
import type { Selection } from "./select-records.ts";
import type { SourceRecord } from "./source-record.ts";
import type { Source } from "./source.ts";

/** Shows how far it is, where there is a terminal to show it on. */
interface Progress {
  readonly advance: (record: Pick<SourceRecord, "fileBytes">) => void;
  /** Passes over a record that is left out. */
  readonly skip: (record: SourceRecord) => void;
  /** Says that something happened, not again before something else happens. */
  readonly note: (line: string) => void;
  readonly end: () => void;
}

/** What makes the whole; undefined where nobody knows. */
type Total = { readonly unit: "bytes" | "records"; readonly count: number } | undefined;

/** The whole of what is selected: a limit in records, or else the length of the files. */
export function totalOf(sources: readonly Source[], { limit }: Selection): Total {
  if (Number.isFinite(limit)) return { unit: "records", count: limit };
  const count = sources.reduce((sum, { bytes = NaN }) => sum + bytes, 0);
  return Number.isNaN(count) ? undefined : { unit: "bytes", count };
}

/**
 * Begins to show it on standard error: a bar on a terminal, elsewhere only the notes.
 * @param done completes "12,000 …"
 */
export function showProgress(done: string, total: Total): Progress {
  const bar = process.stderr.isTTY ? new Bar(done, total) : undefined;
  return {
    advance: ({ fileBytes }) => bar?.advance(1, fileBytes),
    skip: ({ fileBytes }) => bar?.advance(0, fileBytes),
    note: noteOnce(() => bar?.clear()),
    end: () => bar?.end(),
  };
}

const EVERY_MS = 250;
/** The rate and the time left are of the last five seconds. */
const MOST_SAMPLES = 20;
const CLEAR_LINE = "\r\u001b[K";

class Bar {
  readonly #bar: SingleBar;
  readonly #counts: "bytes" | "records" | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #samples: { readonly at: number; readonly records: number }[] = [];
  #records = 0;
  #bytes = 0;

  constructor(done: string, total: Total) {
    const counted = `{records} ${done} | {rate}/s`;
    this.#counts = total?.unit;
    this.#bar = new SingleBar({
      format: total === undefined ? counted : `[{bar}] {percentage}% | ${counted} | {eta_formatted} left`,
      barsize: 30,
      etaBuffer: MOST_SAMPLES,
      hideCursor: true,
      forceRedraw: true,
      gracefulExit: false, // signals are ours
    });
    this.#bar.start(total?.count ?? 0, 0, { records: "0", rate: "0" });
    this.#timer = setInterval(() => this.#draw(), EVERY_MS);
  }

  advance(records: number, bytes: number): void {
    this.#records += records;
    this.#bytes += bytes;
  }

  clear(): void {
    process.stderr.write(CLEAR_LINE);
  }

  end(): void {
    clearInterval(this.#timer);
    this.#draw();
    this.#bar.stop();
  }

  #draw(): void {
    const value = this.#counts === "bytes" ? this.#bytes : this.#records;
    this.#bar.update(value, { records: inGroups(this.#records), rate: inGroups(this.#perSecond()) });
  }

  #perSecond(): number {
    const now = { at: performance.now(), records: this.#records };
    this.#samples.push(now);
    if (this.#samples.length > MOST_SAMPLES) this.#samples.shift();
    const [first = now] = this.#samples;
    return now === first ? 0 : ((now.records - first.records) * 1_000) / (now.at - first.at);
  }
}
