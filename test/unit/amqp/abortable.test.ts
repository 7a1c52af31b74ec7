import { expect, it } from "vitest";
import { abortable } from "../../../shared/amqp/abortable.ts";

const reason = new Error("over");

it("gives what the promise gives", async () => {
  await expect(abortable(Promise.resolve(1), new AbortController().signal)).resolves.toBe(1);
});

it("rejects with the reason where the abort comes first", async () => {
  const over = new AbortController();
  const waiting = abortable(new Promise(() => undefined), over.signal);
  over.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

it("leaves no rejection unheard where it was over from the start", async () => {
  const unheard: unknown[] = [];
  const note = (error: unknown): void => void unheard.push(error);
  process.on("unhandledRejection", note);
  try {
    const { promise, reject } = Promise.withResolvers<never>();
    await expect(abortable(promise, AbortSignal.abort(reason))).rejects.toBe(reason);
    reject(new Error("lost"));
    await new Promise(setImmediate);
    expect(unheard).toEqual([]);
  } finally {
    process.off("unhandledRejection", note);
  }
});
