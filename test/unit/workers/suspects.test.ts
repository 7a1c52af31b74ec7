import { expect, it } from "vitest";
import type { Delivery } from "../../../shared/domain/delivery.ts";
import { Suspects } from "../../../workers/risk-detection/suspects.ts";

const HAND = { signal: new AbortController().signal, untilMs: Infinity };

const suspect = (name: string, deliveryCount = 1): Delivery => ({
  body: Buffer.from(name),
  lane: "standard",
  originalLane: "standard",
  deliveryCount,
  calls: 0,
  replays: undefined,
  correlationId: undefined,
});

/** Marks that only write down what happens, in order. */
function recorded({ deaths = 0, setting = async (): Promise<void> => {} } = {}) {
  const events: string[] = [];
  const suspects = new Suspects<string>({
    marks: {
      newMark: ({ body }, stage) => `${Buffer.from(body).toString()} ${stage}`,
      set: async (mark) => {
        events.push(`set ${mark}`);
        await setting();
        return deaths;
      },
      clear: async (mark) => void events.push(`clear ${mark}`),
    },
    onDeaths: ({ body }, count) => void events.push(`${count} died of ${Buffer.from(body).toString()}`),
  });
  const parse = (of: Delivery) =>
    suspects.pass("parsing", of, HAND, () => {
      events.push(`work on ${Buffer.from(of.body).toString()}`);
      return of.body.byteLength;
    });
  return { events, parse, suspects };
}

it("leaves alone what never came back: no mark, no turn", async () => {
  const { events, parse } = recorded();
  expect(await parse(suspect("fresh", 0))).toEqual({ kind: "passed", value: 5 });
  expect(events).toEqual(["work on fresh"]);
});

it("takes what came back one at a time, each between its mark and the mark's removal", async () => {
  const { events, parse } = recorded();
  await Promise.all([parse(suspect("a")), parse(suspect("b")), parse(suspect("fresh", 0))]);
  expect(events).toEqual([
    "work on fresh",
    "set a parsing",
    "work on a",
    "clear a parsing",
    "set b parsing",
    "work on b",
    "clear b parsing",
  ]);
});

it("tries again what killed two, says so, and leaves alone what killed three", async () => {
  const two = recorded({ deaths: 2 });
  expect(await two.parse(suspect("a"))).toEqual({ kind: "passed", value: 1 });
  expect(two.events).toEqual(["set a parsing", "2 died of a", "work on a", "clear a parsing"]);

  const three = recorded({ deaths: 3 });
  expect(await three.parse(suspect("a"))).toEqual({ kind: "poisoned", deaths: 3 });
  expect(three.events).toEqual(["set a parsing", "3 died of a"]);
});

it("a fault is no death: the mark goes, the fault is told, and the next one has its turn", async () => {
  const { events, parse, suspects } = recorded();
  const faulty = suspects.pass("deciding", suspect("a"), HAND, () => {
    throw new Error("a fault of ours");
  });
  const next = parse(suspect("b"));
  await expect(faulty).rejects.toThrow("a fault of ours");
  expect(await next).toEqual({ kind: "passed", value: 1 });
  expect(events.slice(0, 2)).toEqual(["set a deciding", "clear a deciding"]);
});

it("a mark that cannot be set keeps nobody else from their turn", async () => {
  let fails = true;
  const { parse } = recorded({
    setting: async () => {
      if (!fails) return;
      fails = false;
      throw new Error("Redis has been away");
    },
  });
  const first = parse(suspect("a"));
  const second = parse(suspect("b"));
  await expect(first).rejects.toThrow("Redis has been away");
  expect(await second).toEqual({ kind: "passed", value: 1 });
});

it("whoever can be in hand no longer when its turn comes is not marked", async () => {
  const { events, suspects } = recorded();
  const late = suspects.pass("parsing", suspect("late"), { ...HAND, untilMs: performance.now() }, () => 1);
  await expect(late).rejects.toThrow("its turn came too late");
  expect(events).toEqual([]);
});
