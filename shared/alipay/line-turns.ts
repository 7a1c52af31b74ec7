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
  /** The line that is served without a job, until another one has somebody, too; jobs wait for its end, and queue again. */
  #lone: Line<W> | undefined;
  #loneEnded: Promise<void> | undefined;

  /** `serveNext` serves one of the line, and never rejects. */
  constructor(serveNext: (line: Line<W>) => Promise<void>) {
    this.#serveNext = serveNext;
  }

  /** Sees to it that the line is served for as long as somebody is in it. */
  serve(line: Line<W>): void {
    if (line.waiters.size === 0 || this.#lone === line) return;
    if (this.#lone !== undefined || this.#linesWithJob.size > 0) this.#serveInTurn(line);
    else this.#loneEnded = this.#serveAlone(line);
  }

  /** Where nobody else waits there is nothing to put in order: the limiter's 2.5 ms would be for nothing. */
  async #serveAlone(line: Line<W>): Promise<void> {
    this.#lone = line;
    do await this.#serveNext(line);
    while (line.waiters.size > 0 && this.#linesWithJob.size === 0);
    this.#lone = undefined;
    this.serve(line);
  }

  /** Puts a job for the line into the limiter's queue, unless there is one. */
  #serveInTurn(line: Line<W>): void {
    if (this.#linesWithJob.has(line)) return;
    this.#linesWithJob.add(line);
    void this.#limiter.schedule({ priority: line.priority }, async () => {
      await (this.#lone === undefined ? this.#serveTurn(line) : this.#loneEnded);
      this.#linesWithJob.delete(line);
      this.serve(line);
    });
  }

  async #serveTurn(line: Line<W>): Promise<void> {
    const turnEndsMs = performance.now() + TURN_MS;
    do await this.#serveNext(line);
    while (line.waiters.size > 0 && performance.now() < turnEndsMs);
  }
}
