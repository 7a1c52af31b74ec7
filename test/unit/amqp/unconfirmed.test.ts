import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { PublishError } from "../../../shared/amqp/publish-error.ts";
import { Unconfirmed } from "../../../shared/amqp/unconfirmed.ts";

const TIMEOUT_MS = 1_000;

let isBlocked: boolean;
const onLate = vi.fn();
let unconfirmed: Unconfirmed;

beforeEach(() => {
  vi.useFakeTimers();
  isBlocked = false;
  onLate.mockReset();
  unconfirmed = new Unconfirmed({ confirmTimeoutMs: TIMEOUT_MS, isBlocked: () => isBlocked, onLate });
});
afterEach(() => void vi.useRealTimers());

/** Sends a message and notes what becomes of it. */
function send() {
  const fate = { is: "open" };
  const id = unconfirmed.newId();
  unconfirmed.add(id, {
    message: { exchange: "x", routingKey: "k", body: Buffer.from("body"), properties: {} },
    resolve: () => (fate.is = "safe"),
    reject: (error) => (fate.is = error instanceof PublishError ? error.kind : "no PublishError"),
  });
  return { id, fate };
}

describe("a late confirm", () => {
  it("is told to those that are late, oldest first, and then once for all", () => {
    const first = send();
    vi.advanceTimersByTime(600);
    const second = send();
    vi.advanceTimersByTime(399);
    expect([first.fate.is, onLate.mock.calls.length]).toEqual(["open", 0]);
    vi.advanceTimersByTime(1);
    expect([first.fate.is, second.fate.is, onLate.mock.calls.length]).toEqual(["timed-out", "open", 1]);
  });

  it("is none where the oldest was confirmed meanwhile", () => {
    const first = send();
    vi.advanceTimersByTime(600);
    const second = send();
    unconfirmed.confirmed(first.id, undefined);
    vi.advanceTimersByTime(999);
    expect([first.fate.is, second.fate.is]).toEqual(["safe", "open"]);
    vi.advanceTimersByTime(1);
    expect(second.fate.is).toBe("timed-out");
  });

  it("is none for as long as the broker is blocked, and only late again after that", () => {
    const sent = send();
    isBlocked = true;
    vi.advanceTimersByTime(5_500);
    isBlocked = false;
    unconfirmed.unblocked();
    vi.advanceTimersByTime(TIMEOUT_MS - 1);
    expect(sent.fate.is).toBe("open");
    vi.advanceTimersByTime(TIMEOUT_MS);
    expect(sent.fate.is).toBe("timed-out");
  });
});

it("is empty when the last one has its word", async () => {
  const sent = send();
  const emptied = vi.fn();
  void unconfirmed.empty().then(emptied);
  await vi.advanceTimersByTimeAsync(1);
  expect(emptied).not.toHaveBeenCalled();
  expect(unconfirmed.confirmed(sent.id, { kind: "nacked", cause: undefined })).toBe(true);
  await vi.advanceTimersByTimeAsync(1);
  expect(emptied).toHaveBeenCalledOnce();
  expect(sent.fate.is).toBe("nacked");
});

it("has nothing to do with a word for what was lost with its channel", () => {
  const { id, fate } = send();
  unconfirmed.lose();
  expect([fate.is, unconfirmed.size]).toEqual(["connection-lost", 0]);
  expect(unconfirmed.confirmed(id, undefined)).toBe(false);
  expect(fate.is).toBe("connection-lost");
  vi.advanceTimersByTime(2 * TIMEOUT_MS);
  expect(onLate).not.toHaveBeenCalled();
});
