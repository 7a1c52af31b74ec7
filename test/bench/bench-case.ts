import type { Services } from "../../scripts/services/start-services.ts";

/** What a case is measured with. */
export interface BenchContext {
  readonly servers: Pick<Services, "amqpUrl" | "redisUrl">;
  /** As little as still shows something: for trying the benchmark itself. */
  readonly isQuick: boolean;
  /** Says what goes on. */
  readonly say: (line: string) => void;
}

/** One question that `npm run bench` answers. */
export interface BenchCase {
  /** For `--case`. */
  readonly name: string;
  readonly what: string;
  run(context: BenchContext): Promise<Finding>;
}

/** What came of a case. */
export interface Finding {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** The same as numbers, and what else was measured. */
  readonly figures: Readonly<Record<string, number>>;
  readonly goals: readonly Goal[];
}

/** What the project wants of a figure. */
export interface Goal {
  readonly what: string;
  readonly isReached: boolean;
}
