import { DemoWorker } from "./demo-worker.ts";

export interface CrewOptions {
  readonly replicas: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly note: (line: string) => void;
}

/** Whoever dies again and again is not replaced for ever. */
const MOST_REPLACEMENTS = 20;

/** The workers. One that dies is replaced, as a service manager would. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #workers = new Set<DemoWorker>();
  readonly #failed = Promise.withResolvers<never>();
  #replacements = 0;
  #isStopping = false;

  constructor(options: CrewOptions) {
    this.#options = options;
    this.#failed.promise.catch(() => undefined); // whoever waits for it hears of it
  }

  /** Rejects when a worker cannot be replaced any more. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Of the processes that are there now. */
  get pids(): number[] {
    return [...this.#workers].flatMap(({ pid }) => pid ?? []);
  }

  /** Resolves once all of them consume. */
  async start(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.replicas }, () => this.#startOne()));
  }

  /** Lets them finish what they have in hand, and waits for their ends. */
  async stop(): Promise<void> {
    this.#isStopping = true;
    await Promise.all([...this.#workers].map((worker) => worker.stop()));
  }

  async #startOne(): Promise<void> {
    const { environment, note } = this.#options;
    const worker = new DemoWorker({ environment, onWarning: note });
    this.#workers.add(worker);
    void worker.ended.then((how) => this.#workers.delete(worker) && how);
    await worker.started;
    void worker.ended.then((how) => this.#replace(worker, how));
  }

  #replace(worker: DemoWorker, how: string): void {
    if (this.#isStopping) return;
    this.#replacements += 1;
    if (this.#replacements > MOST_REPLACEMENTS) {
      this.#failed.reject(new Error(`a worker ended (${how}), and there were ${MOST_REPLACEMENTS} before`));
      return;
    }
    this.#options.note(`worker ${worker.pid} ended (${how}); another one takes its place`);
    this.#startOne().catch((error: unknown) => this.#failed.reject(error));
  }
}
