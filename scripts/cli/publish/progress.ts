import { SingleBar } from "cli-progress";
import type { SourceRecord } from "./source-record.ts";

/** Shows how far it is, where there is a terminal to show it on. */
export interface Progress {
  readonly advance: (record: Pick<SourceRecord, "fileBytes">) => void;
  /** Says something that happened, once until something else happens. */
  readonly note: (line: string) => void;
  readonly end: () => void;
}

export interface ProgressOptions {
  /** Completes "12,000 …". */
  readonly done: string;
  /** How many bytes or how many records make the whole; undefined where nobody knows. */
  readonly total: { readonly unit: "bytes" | "records"; readonly count: number } | undefined;
}

/** Begins to show it on standard error; where that is no terminal, only notes are written. */
export function showProgress(options: ProgressOptions): Progress {
  const bar = process.stderr.isTTY ? new Bar(options) : undefined;
  let lastNote = "";
  return {
    advance: (record) => bar?.advance(record),
    note: (line) => {
      if (line === lastNote) return;
      lastNote = line;
      bar?.clear();
      process.stderr.write(`${line}\n`);
    },
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

  constructor({ done, total }: ProgressOptions) {
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

  advance({ fileBytes }: Pick<SourceRecord, "fileBytes">): void {
    this.#records += 1;
    this.#bytes += fileBytes;
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

const inGroups = (count: number): string => Math.round(count).toLocaleString("en-US");
