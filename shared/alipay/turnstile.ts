import { setTimeout as sleep } from "node:timers/promises";
import type { HoldKind, Permit, PermitReply } from "../domain/permit.ts";
import { leavesBefore, type Closure } from "./closure.ts";
import type { HoldNews } from "./hold-news.ts";
import { LineTurns } from "./line-turns.ts";
import { MOST_IN_FLIGHT } from "./most-in-flight.ts";
import type { ReplicaHold } from "./replica-hold.ts";
import { WaitingLines, type Line } from "./waiting-lines.ts";

/** What the turnstile needs of the shared ledger. */
export interface PermitSource {
  /**
   * A permit for call number `call` of at most `callLimit`, and further ones for calls that are no later ones, up to `most`
   * together; waits for Redis, rejects once `signal` aborts.
   */
  permit(call: number, callLimit: number, most: number, signal: AbortSignal): Promise<PermitReply>;
  unused(permitId: string): void;
}

/** Who asks to call: what decides the order, and how long it can stay. */
export interface Passenger {
  /** Which call of its transaction this is, from 1, and how many there may be. */
  readonly call: number;
  readonly callLimit: number;
  /** Bottleneck's priority: 0 goes first, 9 last. */
  readonly priority: number;
  /** Among those of one priority, more goes first. */
  readonly value: number;
  /** Longest stay, in milliseconds: a delivery must not be in hand for ever. */
  readonly patienceMs: number;
  /** Whether a hold that outlasts its patience sends it away at once. */
  readonly leavesWhenHeld: boolean;
  /** Whether a spent budget does, however patient it is. */
  readonly leavesWhenBroke: boolean;
  readonly signal: AbortSignal;
}

/** What came of asking: the way to the gateway is open, or why it is not. */
export type Passage =
  | { readonly kind: "pass"; readonly permit: Permit; readonly isProbe: boolean }
  /** Not this call; others may pass meanwhile. */
  | { readonly kind: "later"; readonly waitMs: number }
  /** No call for longer than the passenger can stay. */
  | { readonly kind: "held"; readonly cause: HoldKind | "quota" }
  | { readonly kind: "interrupted" };

/** Whoever passes has so long before its permit's start to record and to sign its call. */
const LEAD_MS = 15;
/** Holds and quotas change: none is slept through in one piece. */
const LONGEST_NAP_MS = 1_000;
const SWEEP_EVERY_MS = 250;
/** Permits asked for at once: each saves a round trip, and Redis does nothing else meanwhile. */
const MOST_AT_ONCE = 16;

/** Without a reason of its own, each abort would build a DOMException with its stack. */
const OVER = "over";

interface Waiter extends Passenger {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly over: AbortController;
  readonly settle: (passage: Passage) => void;
  readonly fail: (error: unknown) => void;
}

/**
 * Lets calls through in turn, most urgent first, and of those of one priority the most valuable: whoever is foremost asks
 * the ledger for the next permit and sleeps until its start; who has come before them by then gets it. So a replica has
 * one request for a permit under way, however long its lines are, and a retry that waits for its time is in none of them.
 * Where several wait and the quota is not what they wait for, the request brings a permit for each of them.
 */
export class Turnstile {
  readonly #permits: PermitSource;
  readonly #hold: ReplicaHold;
  readonly #longestCallMs: number;
  readonly #news: HoldNews;
  /** The hold that the one at the head is sitting out: newcomers need not ask. */
  #closed: Closure | undefined;
  readonly #lines = new WaitingLines<Waiter>();
  readonly #turns = new LineTurns<Waiter>((line) => this.#serveNext(line));
  readonly #sweeper: NodeJS.Timeout;
  #inFlight = 0;
  #roomMade = Promise.withResolvers<void>();

  constructor(permits: PermitSource, hold: ReplicaHold, longestCallMs: number, news: HoldNews) {
    this.#permits = permits;
    this.#news = news;
    this.#hold = hold;
    this.#longestCallMs = longestCallMs;
    this.#sweeper = setInterval(() => this.#sweep(), SWEEP_EVERY_MS);
    this.#sweeper.unref();
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  get waiting(): number {
    return this.#lines.size;
  }

  /** Waits for a permit. Whoever passed says `leave` when its call is over. */
  async enter(passenger: Passenger): Promise<Passage> {
    const sinceMs = performance.now();
    const untilMs = sinceMs + passenger.patienceMs;
    if (passenger.signal.aborted) return { kind: "interrupted" };
    if (passenger.patienceMs <= 0) return { kind: "held", cause: "quota" };
    if (this.#closed !== undefined && leavesBefore(this.#closed, { ...passenger, untilMs }, sinceMs)) {
      return { kind: "held", cause: this.#closed.cause };
    }
    const { promise, resolve, reject } = Promise.withResolvers<Passage>();
    const over = new AbortController();
    const leaveLine = (): void => {
      this.#lines.leave(waiter);
      over.abort(OVER);
    };
    const waiter: Waiter = {
      ...passenger,
      sinceMs,
      untilMs,
      over,
      settle: (passage) => {
        leaveLine();
        resolve(passage);
      },
      fail: (error) => {
        leaveLine();
        reject(error);
      },
    };
    const line = this.#lines.join(waiter);
    this.#turns.serve(line);
    return await promise;
  }

  leave(): void {
    this.#inFlight -= 1;
    this.#roomMade.resolve();
    this.#roomMade = Promise.withResolvers();
  }

  /** Whoever still waits is sent away: nobody waits for what they want any more. */
  close(): void {
    clearInterval(this.#sweeper);
    for (const waiter of this.#lines.all()) waiter.settle({ kind: "interrupted" });
  }

  /** Asks the ledger until one who asked has left; each time, whoever is foremost by then asks. */
  async #serveNext(line: Line<Waiter>): Promise<void> {
    for (;;) {
      while (this.#inFlight >= MOST_IN_FLIGHT) await this.#roomMade.promise;
      const waiter = this.#lines.asker(line);
      if (waiter === undefined) return;
      await this.#serve(waiter).catch(waiter.fail);
      if (waiter.over.signal.aborted) return;
    }
  }

  async #serve(waiter: Waiter): Promise<void> {
    const standing = this.#hold.standing(performance.now());
    const reply: PermitReply =
      standing === undefined ? await this.#ask(waiter) : { kind: "held", hold: standing };
    this.#watch(reply);
    await this.#apply(reply, waiter);
  }

  #watch(reply: PermitReply): void {
    if (reply.kind === "held") this.#news.held(reply.hold);
    else if (reply.kind === "granted" && !reply.isProbe && !this.#hold.isEngaged) this.#news.released();
  }

  async #ask(waiter: Waiter): Promise<PermitReply> {
    const most = Math.min(MOST_AT_ONCE, MOST_IN_FLIGHT - this.#inFlight);
    const useful = Math.max(1, this.#lines.countFor(waiter.call, most)); // whoever asks may have left, or yield to all others
    const reply = await this.#permits
      .permit(waiter.call, waiter.callLimit, useful, waiter.over.signal)
      .catch((error: unknown) => {
        if (waiter.over.signal.aborted) return undefined;
        throw error;
      });
    return reply ?? { kind: "later", waitMs: 0 };
  }

  async #apply(reply: PermitReply, waiter: Waiter): Promise<void> {
    switch (reply.kind) {
      case "granted":
        await nap(reply.startInMs - LEAD_MS, waiter);
        this.#letPass(reply.permit, reply.isProbe, () =>
          waiter.over.signal.aborted ? undefined : this.#lines.recipient(waiter),
        );
        for (const permit of reply.further) {
          this.#letPass(permit, false, () => this.#lines.furtherRecipient(waiter.call));
        }
        return;
      case "wait": {
        const waitMs = reply.waitMs + Math.random() * reply.spreadMs;
        return this.#sitOut({ cause: "quota", untilMs: performance.now() + waitMs }, waiter);
      }
      case "later":
        return waiter.settle({ kind: "later", waitMs: reply.waitMs });
      case "held": {
        const { kind: cause, remainingMs } = reply.hold;
        const nowMs = performance.now();
        const lookAgainInMs = Math.min(remainingMs, this.#hold.lookAgainInMs(cause, nowMs));
        return this.#sitOut({ cause, untilMs: nowMs + lookAgainInMs }, waiter);
      }
    }
  }

  #letPass(permit: Permit, isProbe: boolean, choose: () => Waiter | undefined): void {
    // A hold of this replica may have begun meanwhile; the next round meets it.
    const isHeld = this.#hold.standing(performance.now()) !== undefined;
    let recipient = isHeld ? undefined : choose();
    for (; recipient?.signal.aborted === true; recipient = choose())
      recipient.settle({ kind: "interrupted" });
    if (recipient === undefined) return this.#permits.unused(permit.id);
    this.#inFlight += 1;
    this.#hold.beginProbe(permit.id, performance.now(), this.#longestCallMs);
    recipient.settle({ kind: "pass", permit, isProbe });
  }

  /** Who leaves, leaves at once, also from behind the head: nobody is kept by one who stays. */
  async #sitOut(closed: Closure, head: Waiter): Promise<void> {
    const nowMs = performance.now();
    for (const waiter of this.#lines.all()) {
      if (leavesBefore(closed, waiter, nowMs)) waiter.settle({ kind: "held", cause: closed.cause });
    }
    if (head.over.signal.aborted) return;
    this.#closed = closed;
    await nap(closed.untilMs - nowMs, head);
    this.#closed = undefined;
  }

  #sweep(): void {
    const nowMs = performance.now();
    this.#hold.expire(nowMs);
    for (const waiter of this.#lines.all()) {
      if (waiter.signal.aborted) waiter.settle({ kind: "interrupted" });
      else if (nowMs >= waiter.untilMs) waiter.settle({ kind: "held", cause: "quota" });
    }
  }
}

async function nap(ms: number, { over }: Waiter): Promise<void> {
  if (ms <= 0) return;
  // One more than asked: timers fire up to a millisecond early.
  await sleep(Math.min(Math.floor(ms) + 1, LONGEST_NAP_MS), undefined, { signal: over.signal }).catch(
    () => undefined,
  );
}
