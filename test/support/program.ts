import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";

export interface Ended {
  /** Null where a signal ended it. */
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ProgramOptions {
  /** All it gets, beside the path. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string | undefined;
}

/** A program in a process of its own, as a user runs it; killed at the end of its test. */
export class Program {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #ended: Promise<unknown>;
  stdout = "";
  stderr = "";

  constructor(file: string, args: readonly string[], { env = {}, cwd }: ProgramOptions = {}) {
    this.#child = spawn(file, args, {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      cwd,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#ended = once(this.#child, "close");
    this.#child.stdout.setEncoding("utf8").on("data", (text: string) => (this.stdout += text));
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => (this.stderr += text));
    this.#child.stdin.on("error", () => undefined); // it may end before it has read all
    onTestFinished(() => void this.#child.kill("SIGKILL"));
  }

  /** Resolves once it has said the text on either output. */
  async said(text: string): Promise<void> {
    while (!this.stdout.includes(text) && !this.stderr.includes(text)) {
      const more = [once(this.#child.stdout, "data"), once(this.#child.stderr, "data")];
      const isOver = await Promise.race([...more, this.#ended.then(() => "over")]);
      if (isOver === "over") throw new Error(`it ended before it said "${text}":\n${this.stderr}`);
    }
  }

  write(text: string): void {
    this.#child.stdin.write(text);
  }

  /** Nobody reads its results any more. */
  closeStdout(): void {
    this.#child.stdout.destroy();
  }

  signal(name: NodeJS.Signals): void {
    this.#child.kill(name);
  }

  async end(): Promise<Ended> {
    this.#child.stdin.end();
    await this.#ended;
    return { status: this.#child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }
}
