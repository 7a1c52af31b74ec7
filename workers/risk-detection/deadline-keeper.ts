import { abortable } from "../../shared/amqp/abortable.ts";
import type { StoreReply, StoringClaim } from "../../shared/domain/claim.ts";
import type { Deadline, DueDeadlines } from "../../shared/domain/deadline.ts";
import { decide, type LastingCircumstances } from "../../shared/domain/decide.ts";
import type { Outcome } from "../../shared/domain/outcome.ts";
import type { RiskResult } from "../../shared/domain/risk-result.ts";

export interface DeadlineKeeperOptions {
  readonly deadlines: {
    /** Takes some that are due, for a lease. */
    take(leaseMs: number): Promise<DueDeadlines>;
    /** It was met; nothing, where its lease is over. */
    forget(transactionId: string, leaseUntilMs: number): Promise<void>;
  };
  /** Waits for Redis until `untilMs`; monotonic milliseconds. */
  readonly store: (
    claim: StoringClaim,
    outcome: Outcome,
    calls: number,
    untilMs: number,
  ) => Promise<StoreReply>;
  /** Resolves once the broker has it; the signal ends the waiting to send it. */
  readonly publish: (result: RiskResult, deadline: Deadline, signal: AbortSignal) => Promise<void>;
  readonly circumstances: LastingCircumstances;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly onAnswered: (result: RiskResult) => void;
  /** It could not be stored, or not be published: it is tried again. */
  readonly onUntold: (deadline: Deadline, error: unknown) => void;
  /** Redis failed, or what it holds is none of ours; it is asked again. */
  readonly onTrouble: (error: unknown) => void;
}

/** What one round took, and for how long. */
interface Lease extends Pick<DueDeadlines, "leaseUntilMs"> {
  /** Its end, in monotonic milliseconds. */
  readonly untilMs: number;
  /** Aborts then. */
  readonly over: AbortSignal;
  /** Aborts then, and when nothing more may be begun. */
  readonly noMore: AbortSignal;
}

/** Who takes one has it for so long; what it could not publish by then is taken again, perhaps by another replica. */
const LEASE_MS = 5_000;
/** So many may be on their way to a broker that does not take them; the rest waits in Redis. */
const MOST_UNTOLD = 1_000;
/**
 * How long a replica does not look at most: while deadlines are known, and while none is (others may add one). So it
 * costs each replica one small script a second, and ten while transactions with deadlines wait.
 */
const NAP_MS = { busy: 100, idle: 1_000 };

/**
 * Answers transactions in the waiting queue when they are due. Their deliveries stay there: whoever takes one up later
 * finds the outcome, and tells it again. Every replica looks; what one has taken, no other takes while its lease lives.
 */
export class DeadlineKeeper {
  readonly #options: DeadlineKeeperOptions;
  readonly #closing = new AbortController();
  readonly #rounds: Promise<void>;
  /** Never reject. */
  readonly #untold = new Set<Promise<void>>();
  #isIdle = false;
  #endNap: () => void = () => undefined;

  constructor(options: DeadlineKeeperOptions) {
    this.#options = options;
    this.#rounds = this.#run();
  }

  /** A deadline was added. */
  wake(): void {
    if (!this.#isIdle) return;
    this.#isIdle = false;
    this.#endNap();
  }

  /** Ends the round under way, and begins no other. What cannot be told within its lease is left to the next taker. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.#endNap();
    await this.#rounds;
    await Promise.all(this.#untold);
  }

  async #run(): Promise<void> {
    while (!this.#closing.signal.aborted) {
      this.#isIdle = true;
      const nextInMs = await this.#round();
      if (this.#untold.size >= MOST_UNTOLD) await Promise.all(this.#untold);
      await this.#nap(nextInMs);
    }
  }

  /** Gives the milliseconds until the next deadline that is known. Never rejects. */
  async #round(): Promise<number | undefined> {
    const { deadlines, onTrouble } = this.#options;
    try {
      const { deadlines: due, nextInMs, leaseUntilMs } = await deadlines.take(LEASE_MS);
      if (due.length === 0) return nextInMs;
      const over = AbortSignal.timeout(LEASE_MS);
      const noMore = AbortSignal.any([over, this.#closing.signal]);
      const lease = { leaseUntilMs, untilMs: performance.now() + LEASE_MS, over, noMore };
      await Promise.all(due.map((deadline) => this.#answer(deadline, lease)));
      return nextInMs;
    } catch (error) {
      onTrouble(error);
      return undefined;
    }
  }

  /** Resolves once the answer is stored; telling it must keep nobody else's waiting. Never rejects. */
  async #answer(deadline: Deadline, lease: Lease): Promise<void> {
    const settled = this.#settle(deadline, lease);
    const told = settled
      .then((outcome) => this.#tell(outcome, deadline, lease))
      .catch((error: unknown) => {
        // Its lease ends, and it is taken again.
        if (!this.#closing.signal.aborted) this.#options.onUntold(deadline, error);
      });
    this.#untold.add(told);
    void told.then(() => this.#untold.delete(told));
    await settled.catch(() => undefined); // `told` tells
  }

  async #tell(outcome: Outcome | undefined, deadline: Deadline, lease: Lease): Promise<void> {
    const { publish, deadlines, onAnswered } = this.#options;
    // Another outcome is told by the delivery that brought it.
    if (outcome?.kind === "result" && outcome.result.source === "fallback") {
      lease.noMore.throwIfAborted();
      await abortable(publish(outcome.result, deadline, lease.noMore), lease.over);
      onAnswered(outcome.result);
    }
    await deadlines.forget(deadline.transactionId, lease.leaseUntilMs);
  }

  /** The outcome that stands: the first one stored. Undefined where the id stands for something else by now. */
  async #settle(deadline: Deadline, { untilMs }: Lease): Promise<Outcome | undefined> {
    const { store, circumstances, now } = this.#options;
    const { transactionId, merchantId, claim } = deadline;
    // Nobody's lease: an outcome is taken from anybody.
    const storing = { ...claim, transactionId, merchantId, token: "deadline" };
    for (let { calls } = claim; ;) {
      const facts = {
        ...circumstances,
        transaction: deadline,
        claim: { ...claim, forgiven: 0 },
        calls,
        nowMs: now(),
      };
      const decision = decide({ kind: "overdue" }, facts);
      if (decision.action !== "conclude") return undefined;
      const reply = await store(storing, decision.outcome, calls, untilMs);
      if (reply.kind === "stored") return reply.outcome;
      if (reply.kind === "conflict") return undefined;
      calls = reply.calls;
    }
  }

  async #nap(nextInMs: number | undefined): Promise<void> {
    const ms =
      nextInMs === undefined && this.#isIdle ? NAP_MS.idle : Math.min(nextInMs ?? Infinity, NAP_MS.busy);
    if (ms <= 0 || this.#closing.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#endNap = resolve;
    const timer = setTimeout(resolve, ms);
    await promise;
    clearTimeout(timer);
  }
}
