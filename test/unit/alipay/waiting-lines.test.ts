import { expect, it } from "vitest";
import { WaitingLines, type Waiter } from "../../../shared/alipay/waiting-lines.ts";

interface Named extends Waiter {
  readonly name: string;
}

/** Lines of waiters, each as "name priority sinceMs" with its call after a slash where that is not the first. */
function linesOf(texts: readonly string[]): { lines: WaitingLines<Named>; waiters: Map<string, Named> } {
  const lines = new WaitingLines<Named>();
  const waiters = new Map<string, Named>();
  for (const text of texts) {
    const [name = "", priority, sinceMs, call = "1"] = text.split(/[ /]/);
    const waiter = { name, priority: Number(priority), sinceMs: Number(sinceMs), call: Number(call) };
    lines.join(waiter);
    waiters.set(name, waiter);
  }
  return { lines, waiters };
}

it.each([
  { title: "alone, the one who asked", waiting: ["a 5 0"], asking: "a", expected: "a" },
  { title: "the first of a line", waiting: ["a 5 0", "b 5 1"], asking: "a", expected: "a" },
  { title: "the more urgent one, who came later", waiting: ["a 5 0", "b 1 9"], asking: "a", expected: "b" },
  { title: "not the less urgent one", waiting: ["a 5 0", "b 8 0"], asking: "a", expected: "a" },
  { title: "nobody with a later call", waiting: ["a 5 0", "b 1 0/2"], asking: "a", expected: "a" },
  { title: "one with an earlier call", waiting: ["a 5 0/3", "b 1 0/2"], asking: "a", expected: "b" },
])("a permit goes to $title", ({ waiting, asking, expected }) => {
  const { lines, waiters } = linesOf(waiting);
  const asked = waiters.get(asking);
  if (asked === undefined) throw new Error("nobody asked");
  expect(lines.recipient(asked).name).toBe(expected);
});

it("passes over the less urgent nine times, then comes the one who waits longest", () => {
  const urgent = Array.from({ length: 30 }, (_, i) => `u${i} 1 ${i + 10}`);
  const { lines } = linesOf([...urgent, "s0 5 5", "s1 5 6", "r0 8 1"]);
  const served: string[] = [];
  while (lines.size > 0) {
    const asking = lines.all()[0];
    if (asking === undefined) throw new Error("nobody waits");
    const next = lines.recipient(asking);
    lines.leave(next);
    served.push(next.name);
  }
  expect(served.map((name) => name.slice(0, 1)).join("")).toBe("uuuuuuuuuruuuuuuuuusuuuuuuuuusuuu");
});
