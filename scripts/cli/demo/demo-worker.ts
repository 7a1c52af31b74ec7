import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { WORKER_FLAGS } from "../worker-flags.js";

const RISKLINE = fileURLToPath(new URL("../riskline.js", import.meta.url));
/** No `.env` file stands here, which would be read. */
const FOLDER = fileURLToPath(new URL(".", import.meta.url));

export interface DemoWorkerOptions {
  readonly environment: Readonly<Record<string, string>>;
  /** Hears, in a line, what the worker warns of. */
  readonly onWarning: (line: string) => void;
}

const logLineSchema = z.object({
  level: z.string(),
  event: z.string(),
  error: z.object({ message: z.string() }).optional(),
  problem: z.string().optional(),
  hold: z.string().optional(),
  cause: z.string().optional(),
  code: z.string().optional(),
  warning: z.string().optional(),
});
type LogLine = z.infer<typeof logLineSchema>;

const LOUD: ReadonlySet<string> = new Set(["warn", "error", "fatal"]);

/**
 * One worker replica in a process of its own, as an operator starts it. The channel to it makes it end with us, however
 * we end; and in a process group of its own, Ctrl-C is ours alone.
 */
export class DemoWorker {
  readonly #child: ChildProcess;
  readonly #started = Promise.withResolvers<void>();
  readonly #lastLines: string[] = [];
  /** Resolves with how it ended. */
  readonly ended: Promise<string>;

  constructor({ environment, onWarning }: DemoWorkerOptions) {
    this.#child = spawn(process.execPath, [...WORKER_FLAGS, RISKLINE, "worker"], {
      cwd: FOLDER,
      detached: true,
      env: environment,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#started.promise.catch(() => undefined); // whoever waits for it hears of it
    this.ended = this.#end();
    for (const output of [this.#child.stdout, this.#child.stderr]) {
      if (output !== null)
        createInterface({ input: output }).on("line", (line) => this.#hear(line, onWarning));
    }
  }

  /** Resolves once it consumes; rejects where it ends before. */
  get started(): Promise<void> {
    return this.#started.promise;
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  /** Asks it to finish what it has in hand, and waits for its end. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    await this.ended;
  }

  async #end(): Promise<string> {
    await once(this.#child, "close");
    const { exitCode, signalCode } = this.#child;
    const how = signalCode === null ? `exit status ${exitCode}` : signalCode;
    this.#started.reject(new Error(`a worker did not start (${how}):\n${this.#lastLines.join("\n")}`));
    return how;
  }

  #hear(text: string, onWarning: (line: string) => void): void {
    this.#lastLines.push(text);
    if (this.#lastLines.length > 5) this.#lastLines.shift();
    const line = parseLogLine(text);
    if (line?.event === "started") this.#started.resolve();
    if (line !== undefined && LOUD.has(line.level) && line.event !== "settings-warning") {
      onWarning(`worker ${this.pid}: ${describe(line)}`);
    }
  }
}

function parseLogLine(text: string): LogLine | undefined {
  try {
    return logLineSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

function describe({ event, error, problem, hold, cause, code, warning }: LogLine): string {
  return [event, hold, cause, code, problem ?? error?.message ?? warning].filter(Boolean).join(" ");
}
