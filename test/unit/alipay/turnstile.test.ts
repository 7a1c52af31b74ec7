import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { HoldNews } from "../../../shared/alipay/hold-news.ts";
import { ReplicaHold } from "../../../shared/alipay/replica-hold.ts";
import { MOST_IN_FLIGHT } from "../../../shared/alipay/most-in-flight.ts";
import {
  Turnstile,
  type Passage,
  type Passenger,
  type PermitSource,
} from "../../../shared/alipay/turnstile.ts";
import type { Hold, PermitReply } from "../../../shared/domain/permit.ts";

/** Longest delay until a passenger's abort or its patience's end is seen, with room for a slow machine. */
const SWEEP_MS = 1_000;
const LONGEST_CALL_MS = 6_000;

type Reply = () => PermitReply | Promise<PermitReply>;

/** A ledger whose replies the test gives one by one; without one prepared it grants. */
class FakePermits implements PermitSource {
  readonly asked: { call: number; callLimit: number }[] = [];
  /** How many permits each question was for. */
  readonly wanted: number[] = [];
  readonly unused = vi.fn<(permitId: string) => void>();
  mostAtOnce = 0;
  readonly #replies: Reply[] = [];
  #grants = 0;
  #open = 0;

  replyWith(...replies: (PermitReply | Reply)[]): void {
    this.#replies.push(...replies.map((reply) => (typeof reply === "function" ? reply : () => reply)));
  }

  grant({ further = 0, ...changes }: Partial<{ startInMs: number; isProbe: boolean; further: number }> = {}) {
    const newPermit = () => {
      this.#grants += 1;
      return { id: `permit-${this.#grants}`, startsInMs: () => 0, isFresh: () => true };
    };
    const permit = newPermit();
    const more = Array.from({ length: further }, newPermit);
    return { kind: "granted", permit, startInMs: 0, isProbe: false, ...changes, further: more } as const;
  }

  async permit(call: number, callLimit: number, most: number, signal: AbortSignal): Promise<PermitReply> {
    signal.throwIfAborted();
    this.wanted.push(most);
    this.asked.push({ call, callLimit });
    this.#open += 1;
    this.mostAtOnce = Math.max(this.mostAtOnce, this.#open);
    try {
      const reply = this.#replies.shift();
      return reply === undefined ? this.grant() : await reply();
    } finally {
      this.#open -= 1;
    }
  }
}

const BANNED: Hold = { kind: "banned", cause: "40006 isv.app-api-punished", remainingMs: 86_400_000 };
const SHORT: Hold = { kind: "permission", cause: "40006", remainingMs: 20 };

let permits: FakePermits;
let hold: ReplicaHold;
let turnstile: Turnstile;
const events = { onHeld: vi.fn(), onReleased: vi.fn() };

beforeEach(() => {
  permits = new FakePermits();
  const news = new HoldNews(events);
  hold = new ReplicaHold((kind) => news.over(kind));
  turnstile = new Turnstile(permits, hold, LONGEST_CALL_MS, news);
});

afterEach(() => {
  if (turnstile.waiting > 0) throw new Error("somebody was left behind");
  turnstile.close();
  vi.clearAllMocks();
});

const enter = (changes: Partial<Passenger> = {}): Promise<Passage> =>
  turnstile.enter({
    call: 1,
    callLimit: 4,
    leavesWhenBroke: false,
    priority: 5,
    value: 0,
    patienceMs: 60_000,
    leavesWhenHeld: true,
    signal: new AbortController().signal,
    ...changes,
  });

describe("where several wait", () => {
  /** The first one asks at once, for itself alone; so long as it has no answer, the others gather. */
  function holdUp() {
    const answer = Promise.withResolvers<PermitReply>();
    permits.replyWith(() => answer.promise);
    const first = enter({ priority: 0 });
    return async () => {
      answer.resolve(permits.grant());
      await first;
    };
  }
  const idOf = (passage: Passage) => (passage.kind === "pass" ? passage.permit.id : passage.kind);

  it("one question brings a permit for each of them, the most urgent first", async () => {
    const goOn = holdUp();
    const [standard, urgent, replay] = [enter(), enter({ priority: 1 }), enter({ priority: 8 })];
    permits.replyWith(() => permits.grant({ further: 2 }));
    await goOn();
    expect((await Promise.all([urgent, standard, replay])).map(idOf)).toEqual([
      "permit-2",
      "permit-3",
      "permit-4",
    ]);
    expect(permits.wanted).toEqual([1, 3]);
    expect(turnstile.inFlight).toBe(4);
  });

  it("no more are asked for than can be in flight, nor than are worth a question", async () => {
    const goOn = holdUp();
    const others = Array.from({ length: 80 }, () => enter());
    await goOn();
    for (let passed = 1; passed < MOST_IN_FLIGHT; passed += 1) await Promise.race(others);
    await vi.waitFor(() => expect(turnstile.inFlight).toBe(MOST_IN_FLIGHT));
    expect(Math.max(...permits.wanted)).toBe(16);
    expect(permits.wanted.at(-1)).toBe(1);
    for (let passed = 0; passed < 81; passed += 1) {
      await vi.waitFor(() => expect(turnstile.inFlight).toBeGreaterThan(0));
      turnstile.leave();
    }
    await Promise.all(others);
  });

  it("a permit for a first call is none for a later one", async () => {
    const goOn = holdUp();
    const [early, late] = [enter({ priority: 1 }), enter({ call: 2 })];
    permits.replyWith(() => permits.grant({ further: 1 }));
    await goOn();
    expect([idOf(await early), idOf(await late)]).toEqual(["permit-2", "permit-4"]);
    expect(permits.wanted).toEqual([1, 1, 1]);
    expect(permits.unused).toHaveBeenCalledExactlyOnceWith("permit-3");
  });

  it("what nobody can use any more is given back", async () => {
    const goOn = holdUp();
    const leaving = new AbortController();
    const [staying, left] = [enter({ priority: 1 }), enter({ signal: leaving.signal })];
    const answer = Promise.withResolvers<PermitReply>();
    permits.replyWith(() => answer.promise);
    await goOn();
    leaving.abort();
    expect(await left).toEqual({ kind: "interrupted" });
    answer.resolve(permits.grant({ further: 1 }));
    expect(idOf(await staying)).toBe("permit-2");
    await vi.waitFor(() => expect(permits.unused).toHaveBeenCalledExactlyOnceWith("permit-3"));
  });

  it("whoever is not wanted any more gets none", async () => {
    const goOn = holdUp();
    const leaving = new AbortController();
    const [left, staying] = [enter({ priority: 1, signal: leaving.signal }), enter()];
    permits.replyWith(() => {
      leaving.abort(); // long before a sweep
      return permits.grant({ further: 1 });
    });
    await goOn();
    expect((await Promise.all([left, staying])).map(idOf)).toEqual(["interrupted", "permit-3"]);
    await vi.waitFor(() => expect(permits.unused).toHaveBeenCalledExactlyOnceWith("permit-2"));
    expect(await enter({ signal: AbortSignal.abort() })).toEqual({ kind: "interrupted" });
  });

  it("a hold that begins lets none of them pass", async () => {
    const goOn = holdUp();
    const others = [enter({ patienceMs: 200 }), enter({ patienceMs: 200 })];
    permits.replyWith(() => {
      hold.engage("unreachable", "ECONNREFUSED", performance.now(), performance.now());
      return permits.grant({ further: 1 });
    });
    await goOn();
    expect((await Promise.all(others)).map(({ kind }) => kind)).toEqual(["held", "held"]);
    expect(permits.unused.mock.calls).toEqual([["permit-2"], ["permit-3"]]);
  });
});

describe("a passenger", () => {
  it("passes with a permit, and is in flight until it leaves", async () => {
    expect(await enter()).toEqual({
      kind: "pass",
      permit: expect.objectContaining({ id: "permit-1" }),
      isProbe: false,
    });
    expect(turnstile.inFlight).toBe(1);
    turnstile.leave();
    expect(turnstile.inFlight).toBe(0);
  });

  it("asks for the call that it is", async () => {
    await enter({ call: 3, callLimit: 4 });
    expect(permits.asked).toEqual([{ call: 3, callLimit: 4 }]);
  });

  it("passes a little before its permit's start, to record and sign its call", async () => {
    permits.replyWith(permits.grant({ startInMs: 60 }));
    const enteredAt = performance.now();
    await enter();
    expect(performance.now() - enteredAt).toBeGreaterThanOrEqual(45);
  });

  it("asks again where it must wait", async () => {
    permits.replyWith({ kind: "wait", waitMs: 5, spreadMs: 0 }, { kind: "wait", waitMs: 5, spreadMs: 0 });
    expect((await enter()).kind).toBe("pass");
    expect(permits.asked).toHaveLength(3);
  });

  it("is told where its turn is later, and the next one passes", async () => {
    permits.replyWith({ kind: "later", waitMs: 700 });
    const [first, second] = await Promise.all([enter(), enter()]);
    expect(first).toEqual({ kind: "later", waitMs: 700 });
    expect(second.kind).toBe("pass");
  });

  it("is told that it probes", async () => {
    permits.replyWith(permits.grant({ isProbe: true }));
    expect(await enter()).toMatchObject({ kind: "pass", isProbe: true });
  });

  it("is rejected where the ledger fails for good, and the next one passes", async () => {
    permits.replyWith(() => Promise.reject(new Error("broken")));
    const [first, second] = await Promise.allSettled([enter(), enter()]);
    expect(first).toMatchObject({ status: "rejected", reason: { message: "broken" } });
    expect(second).toMatchObject({ value: { kind: "pass" } });
    expect(turnstile.inFlight).toBe(1);
  });
});

describe("the queue", () => {
  it("finds nobody there and passes at once, without a timer", async () => {
    vi.useFakeTimers();
    try {
      expect(await enter()).toMatchObject({ kind: "pass" });
    } finally {
      vi.useRealTimers();
    }
  });

  it("keeps those waiting who come while it is served at once", async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<PermitReply>();
    permits.replyWith(() => answered);
    const passages = [enter(), enter(), enter({ priority: 1 })];
    await sleep(200); // long enough for bottleneck to begin their jobs
    expect(permits.asked).toHaveLength(1);
    answer(permits.grant());
    await Promise.all(passages);
    expect(permits.mostAtOnce).toBe(1);
  });

  it("asks for one permit at a time", async () => {
    const replies = Array.from({ length: 5 }, () => async () => {
      await sleep(2);
      return permits.grant();
    });
    permits.replyWith(...replies);
    await Promise.all(replies.map(() => enter()));
    expect(permits.asked).toHaveLength(5);
    expect(permits.mostAtOnce).toBe(1);
  });

  it("lets the most urgent pass first", async () => {
    const { promise, resolve } = Promise.withResolvers<PermitReply>();
    permits.replyWith(() => promise);
    const passed: number[] = [];
    const all = [5, 8, 1, 5].map(async (priority) => {
      await enter({ priority });
      passed.push(priority);
    });
    await vi.waitFor(() => expect(permits.asked).toHaveLength(1));
    resolve(permits.grant());
    await Promise.all(all);
    expect(passed).toEqual([1, 5, 5, 8]);
  });

  it("lets the most valuable of a line pass first, whatever the order in which they came", async () => {
    const passed: string[] = [];
    const first = enter({ value: 1 }).then(() => passed.push("first")); // asks at once
    const small = enter({ value: 2, call: 2 }).then(() => passed.push("small"));
    const large = enter({ value: 3 }).then(() => passed.push("large"));
    await Promise.all([first, small, large]);
    expect(passed).toEqual(["large", "small", "first"]);
  });

  it("gives a permit to the more urgent one who came while its start was waited for", async () => {
    permits.replyWith(permits.grant({ startInMs: 400 }));
    const passed: string[] = [];
    const standard = enter({ priority: 5 }).then(() => passed.push("standard"));
    await vi.waitFor(() => expect(permits.asked).toHaveLength(1));
    const urgent = enter({ priority: 1 }).then(() => passed.push("urgent"));
    await Promise.all([standard, urgent]);
    expect(passed).toEqual(["urgent", "standard"]);
    expect(permits.asked).toHaveLength(2);
  });

  it("lets nobody pass while as many are in flight as there are sockets", async () => {
    const inFlightWhenAsked: number[] = [];
    const grant = (): PermitReply => {
      inFlightWhenAsked.push(turnstile.inFlight);
      return permits.grant();
    };
    permits.replyWith(...Array.from({ length: MOST_IN_FLIGHT + 10 }, () => grant));
    const passed = Array.from({ length: MOST_IN_FLIGHT + 10 }, () => enter());
    await Promise.all(passed.slice(0, MOST_IN_FLIGHT));
    for (const next of passed.slice(MOST_IN_FLIGHT)) {
      turnstile.leave();
      expect((await next).kind).toBe("pass");
    }
    expect(Math.max(...inFlightWhenAsked)).toBe(MOST_IN_FLIGHT - 1);
  });

  it("asks for one permit at a time, however many wait", async () => {
    await Promise.all(Array.from({ length: 60 }, () => enter()));
    expect(permits.asked).toHaveLength(60);
    expect(permits.mostAtOnce).toBe(1);
  });
});

describe("a hold that one sits out", () => {
  it("sends newcomers away at once, without a question to the ledger and without a trace", async () => {
    permits.replyWith({ kind: "held", hold: BANNED });
    const sitting = enter({ leavesWhenHeld: false, patienceMs: 600_000 });
    await vi.waitFor(() => expect(events.onHeld).toHaveBeenCalled());
    const passages = await Promise.all(Array.from({ length: 1_000 }, () => enter({ patienceMs: 60_000 })));
    expect(new Set(passages.map(({ kind }) => kind))).toEqual(new Set(["held"]));
    expect(permits.asked).toHaveLength(1);
    expect(turnstile.waiting).toBe(1);
    expect((await sitting).kind).toBe("pass");
    expect((await enter()).kind).toBe("pass");
  });
});

describe("patience", () => {
  it("ends: whoever got no permit in time goes to wait elsewhere", async () => {
    permits.replyWith(
      ...Array.from({ length: 100 }, () => ({ kind: "wait", waitMs: 20, spreadMs: 0 }) as const),
    );
    const enteredAt = performance.now();
    expect(await enter({ patienceMs: 30, leavesWhenHeld: false })).toEqual({ kind: "held", cause: "quota" });
    expect(performance.now() - enteredAt).toBeGreaterThanOrEqual(30);
    expect(performance.now() - enteredAt).toBeLessThan(SWEEP_MS);
  });

  it("is not waited for by those who cannot get a permit before it ends, if they may leave", async () => {
    permits.replyWith({ kind: "wait", waitMs: 600_000, spreadMs: 0 });
    expect(await enter()).toEqual({ kind: "held", cause: "quota" });
    expect(permits.asked).toHaveLength(1);
  });

  it("ends also for those who are not at the head", async () => {
    permits.replyWith({ kind: "wait", waitMs: 1_000, spreadMs: 0 });
    const head = enter({ patienceMs: 1_500 });
    expect(await enter({ patienceMs: 30 })).toEqual({ kind: "held", cause: "quota" });
    expect((await head).kind).toBe("pass");
    expect(permits.asked).toHaveLength(2);
  });

  it("that is used up already lets nobody pass", async () => {
    permits.replyWith({ kind: "wait", waitMs: 600_000, spreadMs: 0 });
    expect(await enter({ patienceMs: -1 })).toEqual({ kind: "held", cause: "quota" });
  });
});

describe("an abort", () => {
  it("ends the wait at the head and behind it", async () => {
    const stop = new AbortController();
    permits.replyWith({ kind: "wait", waitMs: 50_000, spreadMs: 0 });
    const both = Promise.all([enter({ signal: stop.signal }), enter({ signal: stop.signal })]);
    await vi.waitFor(() => expect(permits.asked).toHaveLength(1));
    stop.abort();
    expect(await both).toEqual([{ kind: "interrupted" }, { kind: "interrupted" }]);
    expect(turnstile.inFlight).toBe(0);
  });

  it("while the ledger is asked gives the permit back", async () => {
    const stop = new AbortController();
    const { promise, resolve } = Promise.withResolvers<PermitReply>();
    permits.replyWith(() => promise);
    const passage = enter({ signal: stop.signal });
    await vi.waitFor(() => expect(permits.asked).toHaveLength(1));
    stop.abort();
    expect(await passage).toEqual({ kind: "interrupted" });
    resolve(permits.grant());
    await vi.waitFor(() => expect(permits.unused).toHaveBeenCalledWith("permit-1"));
    expect(turnstile.inFlight).toBe(0);
  });

  it("while a permit's start is waited for gives it back", async () => {
    const stop = new AbortController();
    permits.replyWith(permits.grant({ startInMs: 60_000 }));
    const passage = enter({ signal: stop.signal });
    await vi.waitFor(() => expect(permits.asked).toHaveLength(1));
    stop.abort();
    expect(await passage).toEqual({ kind: "interrupted" });
    await vi.waitFor(() => expect(permits.unused).toHaveBeenCalledWith("permit-1"));
    expect(turnstile.inFlight).toBe(0);
  });
});

it("sends everybody away who still waits when it closes", async () => {
  permits.replyWith(() => new Promise<never>(() => undefined));
  const waiting = [enter(), enter({ priority: 1 })];
  await vi.waitFor(() => expect(permits.asked).toHaveLength(1));
  turnstile.close();
  expect(await Promise.all(waiting)).toEqual([{ kind: "interrupted" }, { kind: "interrupted" }]);
});

describe("a hold", () => {
  it("sends those away at once who cannot outstay it", async () => {
    permits.replyWith({ kind: "held", hold: BANNED });
    expect(await enter()).toEqual({ kind: "held", cause: "banned" });
    expect(permits.asked).toHaveLength(1);
  });

  it("sends those away at once who would sit out more than a few seconds of it", async () => {
    permits.replyWith({ kind: "held", hold: { ...BANNED, remainingMs: 6_000 } });
    expect(await enter({ patienceMs: 60_000 })).toEqual({ kind: "held", cause: "banned" });
  });

  it("is outstayed by those who can", async () => {
    permits.replyWith({ kind: "held", hold: SHORT });
    expect((await enter()).kind).toBe("pass");
    expect(permits.asked).toHaveLength(2);
  });

  it("is sat out by those who do not leave, until their patience ends", async () => {
    permits.replyWith({ kind: "held", hold: BANNED });
    const enteredAt = performance.now();
    expect((await enter({ leavesWhenHeld: false, patienceMs: 300 })).kind).toBe("held");
    expect(performance.now() - enteredAt).toBeGreaterThanOrEqual(300);
  });

  it("sends those away at once who stand behind one that does not leave", async () => {
    permits.replyWith({ kind: "held", hold: BANNED }, { kind: "held", hold: BANNED });
    const head = enter({ leavesWhenHeld: false, patienceMs: 900 });
    const enteredAt = performance.now();
    expect(await enter()).toEqual({ kind: "held", cause: "banned" });
    expect(performance.now() - enteredAt).toBeLessThan(500);
    await head;
  });

  it("for want of budget sends those away at once who get a fallback instead, however patient they are", async () => {
    hold.spend("day", 3_600_000, performance.now());
    const staying = enter({ leavesWhenHeld: false, patienceMs: 600 });
    const enteredAt = performance.now();
    const going = enter({ leavesWhenHeld: false, leavesWhenBroke: true, patienceMs: 60_000 });
    expect(await going).toEqual({ kind: "held", cause: "budget" });
    expect(performance.now() - enteredAt).toBeLessThan(500);
    await staying;
  });

  it("of this replica asks the ledger for nothing", async () => {
    hold.engage("clock-skew", "40002", performance.now(), performance.now());
    expect(await enter({ patienceMs: 1_000 })).toEqual({ kind: "held", cause: "clock-skew" });
    expect(permits.asked).toHaveLength(0);
  });

  it("of this replica, once it is over, lets one probe pass and keeps the others back", async () => {
    const longAgo = performance.now() - 1_500;
    hold.engage("unreachable", "ECONNREFUSED", longAgo, longAgo);
    expect((await enter()).kind).toBe("pass");
    expect(await enter({ patienceMs: 1_000 })).toEqual({ kind: "held", cause: "unreachable" });
    hold.lift(performance.now());
    expect((await enter()).kind).toBe("pass");
  });

  it("of this replica keeps nobody from waiting for its probe's answer, although that could take longer", async () => {
    const longAgo = performance.now() - 1_500;
    hold.engage("unreachable", "ECONNREFUSED", longAgo, longAgo);
    expect((await enter()).kind).toBe("pass");
    const waiting = enter({ patienceMs: LONGEST_CALL_MS / 2 });
    await vi.waitFor(() => expect(events.onHeld).toHaveBeenCalledOnce());
    hold.lift(performance.now());
    expect((await waiting).kind).toBe("pass");
  });

  it("is told when it begins and when it is over, once each", async () => {
    permits.replyWith({ kind: "held", hold: BANNED }, { kind: "held", hold: BANNED });
    await enter();
    await enter();
    expect(events.onHeld.mock.calls).toEqual([[BANNED]]);
    permits.replyWith(permits.grant({ isProbe: true }));
    await enter();
    expect(events.onReleased).not.toHaveBeenCalled();
    await enter();
    await enter();
    expect(events.onReleased.mock.calls).toEqual([["banned"]]);
  });

  it("that another one follows is over", async () => {
    permits.replyWith(
      { kind: "held", hold: { ...BANNED, kind: "permission" } },
      { kind: "held", hold: BANNED },
    );
    await enter();
    await enter();
    expect(events.onReleased.mock.calls).toEqual([["permission"]]);
    expect(events.onHeld.mock.calls.at(-1)).toEqual([BANNED]);
  });

  it("of this replica is not over while it is probed, and told to be as soon as the probe succeeds", async () => {
    const since = performance.now() - 900;
    hold.engage("unreachable", "ECONNREFUSED", since, since);
    await enter({ patienceMs: 50 });
    expect(events.onHeld).toHaveBeenCalledOnce();
    expect((await enter()).kind).toBe("pass");
    expect(events.onReleased).not.toHaveBeenCalled();
    hold.lift(performance.now());
    expect(events.onReleased.mock.calls).toEqual([["unreachable"]]);
    await enter();
    expect(events.onReleased).toHaveBeenCalledOnce();
  });

  it("of this replica that ends behind another one is not told for that one", async () => {
    hold.engage("unreachable", "ECONNREFUSED", performance.now(), performance.now());
    hold.spend("day", 3_600_000, performance.now());
    expect(await enter()).toEqual({ kind: "held", cause: "budget" });
    hold.lift(performance.now());
    expect(events.onReleased).not.toHaveBeenCalled();
    hold.afford();
    expect(events.onReleased.mock.calls).toEqual([["budget"]]);
  });

  it("for want of budget is over with its day, although nobody wants a call", async () => {
    hold.spend("day", 400, performance.now());
    expect(await enter({ patienceMs: 50 })).toEqual({ kind: "held", cause: "budget" });
    await vi.waitFor(() => expect(events.onReleased.mock.calls).toEqual([["budget"]]), 400 + SWEEP_MS);
    expect(permits.asked).toHaveLength(0);
  });
});
