import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { WORKER_FLAGS } from "../../scripts/cli/worker-flags.js";

const RISKLINE = fileURLToPath(new URL("../../scripts/cli/riskline.js", import.meta.url));

/** A worker replica in a process of its own, as an operator starts it. */
export class WorkerProcess {
  readonly #child: ChildProcessByStdio<null, Readable, Readable>;
  /** Everything it wrote, to either output. */
  readonly lines: string[] = [];
  readonly #watchers = new Set<(line: string) => void>();

  constructor(env: Readonly<Record<string, string>>) {
    this.#child = spawn(process.execPath, [...WORKER_FLAGS, RISKLINE, "worker"], {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.ended = once(this.#child, "close").then(() => this.#child.exitCode);
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: output }).on("line", (line) => {
        this.lines.push(line);
        for (const watch of this.#watchers) watch(line);
      });
    }
  }

  /** Resolves with the exit code; null where a signal ended it. */
  readonly ended: Promise<number | null>;

  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** Resolves with the first line, past or future, that contains the text; rejects when the process ends before. */
  async line(text: string): Promise<string> {
    const found = this.lines.find((line) => line.includes(text));
    if (found !== undefined) return found;
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const watch = (line: string): void => {
      if (line.includes(text)) resolve(line);
    };
    const ended = (): void =>
      reject(new Error(`the worker ended before it said "${text}":\n${this.lines.slice(-5).join("\n")}`));
    this.#watchers.add(watch);
    this.#child.once("close", ended);
    try {
      return await promise;
    } finally {
      this.#watchers.delete(watch);
      this.#child.off("close", ended);
    }
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  /** Sends the signal and waits for the end. */
  async end(name: NodeJS.Signals = "SIGTERM"): Promise<number | null> {
    this.#child.kill(name);
    return await this.ended;
  }
}
