import type { Logger } from "./logger.ts";

/** What a shutdown needs from the world. */
interface ShutdownOptions {
  /** From the soft stop to the hard one. */
  readonly graceMs: number;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
  /** Where signals come from: the process. */
  readonly signals?: SignalSource;
}

interface SignalSource {
  on(signal: string, listener: (signal: string) => void): unknown;
  off(signal: string, listener: (signal: string) => void): unknown;
}

interface Release {
  readonly name: string;
  readonly run: () => unknown;
}

const SIGNALS = ["SIGTERM", "SIGINT"];
/** From the hard stop to the end, come what may; with the default grace well within Kubernetes' 30 seconds. */
const LAST_MS = 3_000;

/**
 * Stops a process in order. Made before anything connects, it hears SIGTERM and SIGINT from then on.
 *
 * running → soft (`soft` aborts: take up nothing new; releases run, the last registered first)
 *         → hard (`hard` aborts: give up what still runs; after the grace period, or at the second signal)
 *         → finished, as soon as the releases are through, and 3 seconds after the hard stop at the latest.
 */
export class Shutdown {
  /** The exit code, once everything is released: 0, or 1 where a release failed or had to be given up. */
  readonly finished: Promise<number>;

  readonly #options: Required<ShutdownOptions>;
  readonly #soft = new AbortController();
  readonly #hard = new AbortController();
  readonly #finish: (exitCode: number) => void;
  readonly #lastMoment = Promise.withResolvers<"abandoned">();
  readonly #releases: Release[] = [];
  #isFinished = false;
  #exitCode = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ShutdownOptions) {
    this.#options = { signals: process, ...options };
    ({ promise: this.finished, resolve: this.#finish } = Promise.withResolvers<number>());
    for (const signal of SIGNALS) this.#options.signals.on(signal, this.#onSignal);
  }

  /** Aborted when nothing new may be taken up. */
  get soft(): AbortSignal {
    return this.#soft.signal;
  }

  /** Aborted when what still runs must be given up. */
  get hard(): AbortSignal {
    return this.#hard.signal;
  }

  /** To be called right after something was acquired; what comes too late is released at once. */
  register(name: string, run: () => unknown): void {
    if (this.#isFinished) void this.#release({ name, run });
    else this.#releases.push({ name, run });
  }

  /** Stops once, however often it is called; the largest exit code counts. Gives `finished`. */
  stop(cause: string, exitCode = 0): Promise<number> {
    this.#exitCode = Math.max(this.#exitCode, exitCode);
    if (!this.soft.aborted) {
      this.#options.log.info("stopping", { cause });
      this.#timer = setTimeout(() => this.#stopHard("the grace period is over"), this.#options.graceMs);
      this.#soft.abort();
      void this.#releaseAll();
    }
    return this.finished;
  }

  readonly #onSignal = (signal: string): void => {
    if (this.soft.aborted) this.#stopHard(`a second signal, ${signal}`);
    else void this.stop(signal);
  };

  #stopHard(cause: string): void {
    if (this.hard.aborted || this.#isFinished) return;
    this.#options.log.warn("stopping-hard", { cause });
    this.#exitCode = 1;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#lastMoment.resolve("abandoned"), LAST_MS);
    this.#hard.abort();
  }

  async #releaseAll(): Promise<void> {
    // Popped one by one: what is registered meanwhile is released too.
    for (let next = this.#releases.pop(); next !== undefined; next = this.#releases.pop()) {
      await this.#release(next);
    }
    this.#isFinished = true;
    clearTimeout(this.#timer);
    for (const signal of SIGNALS) this.#options.signals.off(signal, this.#onSignal);
    this.#options.log.info("stopped", { exitCode: this.#exitCode });
    this.#finish(this.#exitCode);
  }

  /** Never rejects: the releases after a failed one must run too. */
  async #release({ name, run }: Release): Promise<void> {
    try {
      const end = await Promise.race([invoke(run), this.#lastMoment.promise]);
      if (end !== "abandoned") return;
      this.#options.log.error("release-abandoned", { release: name });
    } catch (error) {
      this.#options.log.error("release-failed", { release: name, error });
    }
    this.#exitCode = 1;
  }
}

/** A release that throws at once fails like one that rejects. */
const invoke = async (run: () => unknown): Promise<unknown> => run();
