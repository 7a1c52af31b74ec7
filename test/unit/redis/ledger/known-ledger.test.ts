import { describe, expect, it } from "vitest";
import { KnownLedger } from "../../../../shared/redis/ledger/known-ledger.ts";
import type { Memorable } from "../../../../shared/redis/ledger/ledger-memory.ts";

const HOUR_MS = 3_600_000;

/** So many calls in the second 3,600 and in its minute; nothing else. */
const calls = (count: number): Memorable => [20, [3_600, count], [60, count], [], [], [], [], []];

const heard = (generation: string, afterMs = 0): Parameters<KnownLedger["owedTo"]>[0] => ({
  generation,
  redisMs: HOUR_MS + afterMs,
  localMs: afterMs,
});

/** A replica that has met ledger "a", with 7 calls. */
function knowingA(): KnownLedger {
  const known = new KnownLedger();
  const wanted = known.wanted;
  known.meet("a");
  known.noteSeeded("a");
  known.absorb(calls(7), heard("a"), wanted);
  return known;
}

describe("which ledger it is", () => {
  it("the first one is no other one", () => {
    expect(new KnownLedger().meet("a")).toBe(false);
  });

  it("the same one is no other one", () => {
    expect(knowingA().meet("a")).toBe(false);
  });

  it("another one is, once", () => {
    const known = knowingA();
    expect(known.meet("b")).toBe(true);
    expect(known.meet("b")).toBe(false);
    expect(known.generation).toBe("b");
  });
});

describe("what the next heartbeat asks for", () => {
  it("everything, where nothing is remembered", () => {
    expect(new KnownLedger().wanted).toEqual({ second: 0, minute: 0, isPart: false });
  });

  it("what may have changed since the last one", () => {
    expect(knowingA().wanted).toEqual({ second: 3_598, minute: 59, isPart: true });
  });

  it("everything, where it has met another ledger meanwhile", () => {
    const known = knowingA();
    known.meet("b");
    expect(known.wanted).toEqual({ second: 0, minute: 0, isPart: false });
  });
});

describe("what a ledger is owed", () => {
  it("nothing by a replica that remembers nothing", () => {
    expect(new KnownLedger().owedTo(heard("a"))).toBeUndefined();
  });

  it("nothing, where it is the one that is remembered", () => {
    expect(knowingA().owedTo(heard("a", 1_000))).toBeUndefined();
  });

  it("the memory, where it is another one, until it was given", () => {
    const known = knowingA();
    known.meet("b");
    expect(known.owedTo(heard("b", 1_000))).toMatchObject({ shift: 0, asOf: HOUR_MS, seconds: [[3_600, 7]] });
    known.noteSeeded("b");
    expect(known.owedTo(heard("b", 1_000))).toBeUndefined();
  });
});

describe("what is remembered", () => {
  it("not a part of another ledger: the whole one stays until it was given", () => {
    const known = knowingA();
    const wanted = known.wanted;
    known.meet("b");
    known.absorb(calls(1), heard("b", 1_000), wanted);
    expect(known.owedTo(heard("b", 1_000))).toMatchObject({ asOf: HOUR_MS, seconds: [[3_600, 7]] });
  });

  it("from when on a ledger said nothing, until it is heard again", () => {
    const known = knowingA();
    known.noteSilence(500);
    known.noteSilence(900);
    expect(known.owedTo(heard("b", 1_000))).toMatchObject({ silentFrom: HOUR_MS + 500 });
    known.absorb(calls(7), heard("a", 2_000), known.wanted);
    expect(known.owedTo(heard("b", 3_000))).not.toHaveProperty("silentFrom");
  });
});
