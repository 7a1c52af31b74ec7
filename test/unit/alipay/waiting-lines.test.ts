import { describe, expect, it } from "vitest";
import { WaitingLines, type Waiter } from "../../../shared/alipay/waiting-lines.ts";

interface Named extends Waiter {
  readonly name: string;
}

/**
 * Lines of waiters, each as "name priority sinceMs", with its call after a slash where that is not the first, and its
 * value after an equals sign where it has one.
 */
function linesOf(texts: readonly string[]): { lines: WaitingLines<Named>; waiters: Map<string, Named> } {
  const lines = new WaitingLines<Named>();
  const waiters = new Map<string, Named>();
  for (const text of texts) {
    const [, name = "", priority, sinceMs, call = "1", value = "0"] =
      /^(\w+) (\d) (\d+)(?:\/(\d))?(?:=(\d+))?$/.exec(text) ?? [];
    const [numbers, since] = [{ call: Number(call), value: Number(value) }, Number(sinceMs)];
    const waiter = { name, priority: Number(priority), sinceMs: since, ...numbers };
    lines.join(waiter);
    waiters.set(name, waiter);
  }
  return { lines, waiters };
}

/** The names in the order in which permits come to them, where whoever's turn it is asks. */
function orderOf(texts: readonly string[]): string[] {
  const { lines, waiters } = linesOf(texts);
  const served: string[] = [];
  while (lines.size > 0) {
    const mostUrgent = lines.all().reduce((a, b) => (b.priority < a.priority ? b : a));
    const asking = lines.asker(lines.join(mostUrgent));
    if (asking === undefined) throw new Error("nobody asked");
    const next = lines.recipient(asking);
    lines.leave(next);
    served.push(next.name);
  }
  expect(served.length).toBe(waiters.size);
  return served;
}

describe("a permit", () => {
  it.each([
    { title: "alone, the one who asked", waiting: ["a 5 0"], asking: "a", expected: "a" },
    { title: "the first of a line", waiting: ["a 5 0", "b 5 1"], asking: "a", expected: "a" },
    { title: "the more urgent one, who came later", waiting: ["a 5 0", "b 1 9"], asking: "a", expected: "b" },
    { title: "not the less urgent one", waiting: ["a 5 0", "b 8 0"], asking: "a", expected: "a" },
    { title: "nobody with a later call", waiting: ["a 5 0", "b 1 0/2"], asking: "a", expected: "a" },
    { title: "one with an earlier call", waiting: ["a 5 0/3", "b 1 0/2"], asking: "a", expected: "b" },
    { title: "the larger one, who came later", waiting: ["a 5 0=5", "b 5 9=6"], asking: "a", expected: "b" },
    { title: "the urgent one, large or small", waiting: ["a 5 0=9", "b 1 9=1"], asking: "a", expected: "b" },
    { title: "of two alike the first one", waiting: ["a 5 1=7", "b 5 2=7"], asking: "b", expected: "a" },
    { title: "no larger one's later call", waiting: ["a 5 0=1", "b 5 1/2=9"], asking: "a", expected: "a" },
  ])("goes to $title", ({ waiting, asking, expected }) => {
    const { lines, waiters } = linesOf(waiting);
    const asked = waiters.get(asking);
    if (asked === undefined) throw new Error("nobody asked");
    expect(lines.recipient(asked).name).toBe(expected);
  });
});

describe("the order", () => {
  it("is first come, first served, where nobody is urgent or worth more", () => {
    expect(orderOf(["a 5 1", "b 5 2", "c 5 3"])).toEqual(["a", "b", "c"]);
  });

  it("is by value within a line, a later call included", () => {
    expect(orderOf(["a 5 1=10", "b 5 2/3=30", "c 5 3=20", "u 1 9=1"])).toEqual(["u", "b", "c", "a"]);
  });

  it("passes over the less urgent nine times, then comes the one who waits longest", () => {
    const urgent = Array.from({ length: 30 }, (_, i) => `u${i} 1 ${i + 10}`);
    const order = orderOf([...urgent, "s0 5 5", "s1 5 6", "r0 8 1"]);
    expect(order.map((name) => name.slice(0, 1)).join("")).toBe("uuuuuuuuuruuuuuuuuusuuuuuuuuusuuu");
  });

  it("passes over a smaller one nine times, whichever call it waits for", () => {
    const large = Array.from({ length: 20 }, (_, i) => `l${i} 5 ${i + 10}=1000`);
    const order = orderOf(["a 5 1/4=1", "b 5 2=2", ...large]);
    expect(order.map((name) => name.slice(0, 1)).join("")).toBe("lllllllllalllllllllbll");
  });

  it("lets those wait who yield, for as long as anybody else waits", () => {
    const standard = Array.from({ length: 15 }, (_, i) => `s${i} 5 ${i + 10}`);
    const order = orderOf(["y0 9 1=100", "y1 9 2=200", ...standard]);
    expect(order.slice(-2)).toEqual(["y1", "y0"]);
  });

  it("counts those in a row only: who waits longest and is foremost, too, is nobody's victim", () => {
    const served = orderOf([
      "a 5 1=100",
      "b 5 2=1",
      ...Array.from({ length: 9 }, (_, i) => `l${i} 5 ${i + 3}=50`),
    ]);
    expect(served.indexOf("b")).toBe(10);
  });
});
