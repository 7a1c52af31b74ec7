import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { WORKER_FLAGS } from "../../scripts/cli/worker-flags.js";

type Env = Readonly<Record<string, string>>;

/**
 * A process that is measured from outside, or helps to measure; all with the flags that our workers have. What it says on its
 * standard output goes nowhere.
 */
export class Contender {
  readonly process: ChildProcess;
  readonly #ended: Promise<unknown>;

  constructor(args: readonly string[], env: Env) {
    this.process = spawn(process.execPath, [...WORKER_FLAGS, ...args], {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    this.#ended = once(this.process, "close");
  }

  /** One of the programs in `contenders/`. */
  static start(name: string, env: Env): Contender {
    return new Contender([fileURLToPath(new URL(`./contenders/${name}.ts`, import.meta.url))], env);
  }

  get pid(): number {
    return this.process.pid ?? -1;
  }

  /** The next message that it sends; rejects when it ends before. */
  async message(): Promise<unknown> {
    const ended = this.#ended.then(() => {
      throw new Error("it ended before it said anything");
    });
    const [message] = await Promise.race([once(this.process, "message"), ended]);
    return message;
  }

  async end(): Promise<void> {
    this.process.kill("SIGTERM");
    const killing = setTimeout(() => this.process.kill("SIGKILL"), 5_000);
    await this.#ended;
    clearTimeout(killing);
  }
}
