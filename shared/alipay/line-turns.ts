import Bottleneck from "bottleneck";
import type { Line, Waiter } from "./waiting-lines.ts";

/** A job serves its line for so long before a more urgent line gets its turn: bottleneck needs 2.5 ms for each job. */
const TURN_MS = 20;

/** Serves lines in turn: one waiter at a time, of all lines that have any, the most urgent line first. */
export class LineTurns<W extends Waiter> {
  readonly #limiter = new Bottleneck({ maxConcurrent: 1 });
  readonly #serveNext: (line: Line<W>) => Promise<void>;
  /** One job of the limiter stands for all of a line. */
  readonly #linesWithJob = new Set<Line<W>>();
  /** Somebody is served without a job: until that ends, jobs only wait for it, and queue again. */
  #lone: Promise<void> | undefined;

  /** `serveNext` serves one of the line, and never rejects. */
  constructor(serveNext: (line: Line<W>) => Promise<void>) {
    this.#serveNext = serveNext;
  }

  /** Somebody joined the line. */
  joined(line: Line<W>): void {
    if (this.#linesWithJob.size === 0 && this.#lone === undefined) this.#serveAtOnce(line);
    else this.#serveInTurn(line);
  }

  /** Whoever finds nobody there need not stand in line, which would take the limiter those 2.5 ms. */
  #serveAtOnce(line: Line<W>): void {
    this.#lone = this.#serveNext(line).finally(() => {
      this.#lone = undefined;
      this.#serveInTurn(line);
    });
  }

  /** Puts a job for the line into the limiter's queue, unless there is one. */
  #serveInTurn(line: Line<W>): void {
    if (this.#linesWithJob.has(line) || line.waiters.size === 0) return;
    this.#linesWithJob.add(line);
    void this.#limiter.schedule({ priority: line.priority }, async () => {
      await (this.#lone ?? this.#serveTurn(line));
      this.#linesWithJob.delete(line);
      this.#serveInTurn(line);
    });
  }

  async #serveTurn(line: Line<W>): Promise<void> {
    const turnEndsMs = performance.now() + TURN_MS;
    do await this.#serveNext(line);
    while (line.waiters.size > 0 && performance.now() < turnEndsMs);
  }
}
