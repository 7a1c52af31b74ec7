import { beforeEach, expect, it } from "vitest";
import { EventQueue } from "../../../scripts/plan/event-queue.ts";
import {
  VirtualLedger,
  type VirtualPermit,
  type VirtualReply,
} from "../../../scripts/plan/virtual-ledger.ts";
import { QuotaMeter } from "../../../scripts/sandbox/quota-meter.ts";
import { createRandom } from "../../../scripts/sandbox/random.ts";
import type { Permit, PermitReply } from "../../../shared/domain/permit.ts";
import type { RedisClient } from "../../../shared/redis/connection.ts";
import type { QuotaLedger } from "../../../shared/redis/ledger/quota-ledger.ts";
import { ClockedLedger } from "../../support/clocked-ledger.ts";
import { quotaOf } from "../../support/quota-of.ts";
import { testRedis } from "../../support/test-redis.ts";

let redis: RedisClient;
let clocked: ClockedLedger;

beforeEach(async () => {
  ({ redis } = await testRedis());
  clocked = await ClockedLedger.start(redis);
});

interface Sequence {
  readonly quota: string;
  /** What the gateway admits. */
  readonly limit: string;
  readonly strikesPerDay: number;
  readonly questions: number;
  readonly seed: number;
  /** The gateway bans at so many limit answers. */
  readonly banAt?: number;
}

/** A call that both ledgers permitted. */
interface Call {
  readonly real: Permit;
  readonly virtual: VirtualPermit;
  readonly isProbe: boolean;
}

type Happening =
  | { readonly kind: "question" }
  | { readonly kind: "passage"; readonly call: Call }
  | { readonly kind: "answer"; readonly call: Call; readonly leftMs: number; readonly answer: Answer };

type Answer = "scored" | "limited" | "banned";

const LIMITED = { kind: "quota", code: "40005", retryAfterMs: undefined } as const;
const BANNED = { kind: "banned", code: "40006" } as const;

/** Asks both ledgers the same questions, and tells them the same answers. */
class Lockstep {
  readonly said = { granted: 0, limited: 0, withdrawn: 0, lost: 0, probes: 0, held: 0, later: 0 };
  readonly #sequence: Sequence;
  readonly #real: QuotaLedger;
  readonly #virtual: VirtualLedger;
  readonly #gateway: QuotaMeter;
  readonly #random;
  readonly #happenings = new EventQueue<Happening>();
  readonly #beganAtMs = clocked.nowMs;

  constructor(sequence: Sequence) {
    this.#sequence = sequence;
    const { strikesPerDay, seed } = sequence;
    const quota = quotaOf(sequence.quota);
    this.#real = clocked.replica({ quota, strikesPerDay });
    this.#virtual = new VirtualLedger({ ...clocked.settings, quota, strikesPerDay });
    this.#gateway = new QuotaMeter(quotaOf(sequence.limit));
    this.#random = createRandom(seed);
  }

  async run(): Promise<void> {
    this.#happenings.push(0, { kind: "question" });
    for (let asked = 0; asked < this.#sequence.questions;) {
      const atMs = this.#happenings.nextAtMs;
      const happening = this.#happenings.pop();
      if (happening === undefined) throw new Error("nothing happens any more");
      await clocked.pass(this.#beganAtMs + atMs - clocked.nowMs);
      switch (happening.kind) {
        case "question":
          asked += 1;
          await this.#ask(atMs);
          break;
        case "passage":
          await this.#pass(happening.call, atMs);
          break;
        case "answer":
          await this.#answer(happening, atMs);
      }
    }
  }

  async #ask(nowMs: number): Promise<void> {
    const call = 1 + Math.floor(this.#random() * 4);
    const real = await this.#real.permit(call, 4);
    const virtual = this.#virtual.permit(call, 4, nowMs);
    const when = `call ${call} at ${nowMs} ms, after ${JSON.stringify(this.said)}`;
    expectSame(shownVirtual(virtual, nowMs), shown(real), when);
    if (real.kind === "granted" && virtual.kind === "granted") {
      this.said.granted += 1;
      if (real.isProbe) this.said.probes += 1;
      const permitted = { real: real.permit, virtual: virtual.permit, isProbe: real.isProbe };
      this.#happenings.push(nowMs + Math.ceil(real.startInMs), { kind: "passage", call: permitted });
      this.#happenings.push(nowMs + 1, { kind: "question" });
    } else if (real.kind === "held") {
      this.said.held += 1;
      this.#happenings.push(nowMs + real.hold.remainingMs + 1, { kind: "question" });
    } else if (real.kind !== "granted") {
      if (real.kind === "later") this.said.later += 1;
      // Also in between: nothing but the moment may matter.
      const waitMs = real.kind === "later" ? 20 : Math.ceil(real.waitMs * (0.3 + this.#random()));
      this.#happenings.push(nowMs + waitMs, { kind: "question" });
    }
  }

  async #pass(call: Call, nowMs: number): Promise<void> {
    const heededUntil = Number((await redis.hget(clocked.keys.state, "heededUntil")) ?? 0);
    const mayLeave = heededUntil <= clocked.nowMs; // as sent.lua judges it
    if (this.#virtual.mayLeave(nowMs) !== mayLeave) throw new Error(`call at ${nowMs} ms: may it leave?`);
    if (!mayLeave) {
      this.said.withdrawn += 1;
      await this.#real.unused(call.real.id);
      this.#virtual.unused(call.virtual);
      return;
    }
    const answer = this.#judge(nowMs);
    if (this.#random() < 0.03) this.said.lost += 1;
    else {
      // Between the questions: who was answered at this very moment is neither under way nor not.
      const latencyMs = 20.5 + Math.floor(this.#random() * 200);
      this.#happenings.push(nowMs + latencyMs, { kind: "answer", call, leftMs: nowMs, answer });
    }
  }

  #judge(nowMs: number): Answer {
    if (this.#gateway.count(nowMs)) return "scored";
    this.said.limited += 1;
    return this.said.limited === this.#sequence.banAt ? "banned" : "limited";
  }

  async #answer(
    { call, leftMs, answer }: Extract<Happening, { kind: "answer" }>,
    nowMs: number,
  ): Promise<void> {
    if (answer === "limited") {
      await this.#real.signal(call.real.id, LIMITED, nowMs - leftMs);
      this.#virtual.limited(call.virtual, leftMs, nowMs);
      return;
    }
    await this.#real.answered(call.real.id, nowMs - leftMs);
    this.#virtual.answered(call.virtual, leftMs, nowMs);
    if (answer === "banned") {
      await this.#real.signal(call.real.id, BANNED, nowMs - leftMs);
      this.#virtual.banned(nowMs);
    } else if (call.isProbe) {
      await this.#real.lift();
      this.#virtual.lift(nowMs);
    }
  }
}

/** A reply of either ledger: what was decided, and for how long it waits or until when it starts. */
interface Shown {
  readonly decision: { readonly kind: string; readonly isProbe: boolean };
  readonly ms: number;
}

function shown(reply: PermitReply): Shown {
  const decision = { kind: reply.kind, isProbe: reply.kind === "granted" && reply.isProbe };
  if (reply.kind === "granted") return { decision, ms: reply.startInMs };
  return { decision, ms: reply.kind === "held" ? reply.hold.remainingMs : reply.waitMs };
}

function shownVirtual(reply: VirtualReply, nowMs: number): Shown {
  if (reply.kind === "crowded") return { decision: { kind: "wait", isProbe: false }, ms: 10 };
  const decision = { kind: reply.kind, isProbe: reply.kind === "granted" && reply.permit.isProbe };
  return { decision, ms: reply.kind === "granted" ? reply.permit.call.startMs - nowMs : reply.waitMs };
}

/** Waits are rounded up to whole milliseconds, and Redis keeps moments to the microsecond, on which others are built. */
function expectSame(virtual: Shown, real: Shown, when: string): void {
  expect(virtual.decision, `${when}: ${virtual.ms} and ${real.ms} ms`).toEqual(real.decision);
  const tolerance = real.decision.kind === "granted" ? 0.1 : 1;
  expect(Math.abs(virtual.ms - real.ms), `${when}: ${virtual.ms} and ${real.ms} ms`).toBeLessThanOrEqual(
    tolerance,
  );
}

it.each<Sequence & { readonly name: string; readonly met: readonly (keyof Lockstep["said"])[] }>([
  {
    name: "a short window",
    quota: "20/1s",
    limit: "20/1s",
    strikesPerDay: 10,
    questions: 300,
    seed: 1,
    met: ["lost"],
  },
  {
    name: "three windows that all bite",
    quota: "5/1s,40/1m,120/1h",
    limit: "5/1s,40/1m,120/1h",
    strikesPerDay: 10,
    questions: 500,
    seed: 2,
    met: ["lost"],
  },
  {
    name: "a window that is counted by the minute",
    quota: "10/1s,60/1d",
    limit: "10/1s,60/1d",
    strikesPerDay: 10,
    questions: 200,
    seed: 3,
    met: ["lost"],
  },
  {
    name: "a lower second",
    quota: "20/1s,50000/1h",
    limit: "6/1s",
    strikesPerDay: 30,
    questions: 600,
    seed: 4,
    met: ["limited", "withdrawn", "later"],
  },
  {
    name: "a lower minute",
    quota: "20/1s,600/1m,20000/1h",
    limit: "60/1m",
    strikesPerDay: 30,
    questions: 600,
    seed: 5,
    met: ["limited", "withdrawn"],
  },
  {
    name: "a lower hour",
    quota: "10/1s,200/1h",
    limit: "80/1h",
    strikesPerDay: 30,
    questions: 500,
    seed: 6,
    met: ["limited", "later"],
  },
  {
    name: "strikes that are used up",
    quota: "20/1s",
    limit: "2/1m",
    strikesPerDay: 4,
    questions: 300,
    seed: 7,
    met: ["limited", "held"],
  },
  {
    name: "a ban, a probe and the ramp",
    quota: "20/1s,50000/1h",
    limit: "6/1s",
    strikesPerDay: 30,
    questions: 500,
    seed: 8,
    banAt: 1,
    met: ["limited", "held", "probes"],
  },
])("in virtual time as in Redis: $name", { timeout: 60_000 }, async ({ met, ...sequence }) => {
  const both = new Lockstep(sequence);
  await both.run();
  expect(both.said.granted).toBeGreaterThan(10);
  for (const name of met) expect(both.said[name], `${name}: ${JSON.stringify(both.said)}`).toBeGreaterThan(0);
});
