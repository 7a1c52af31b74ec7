import { describe, expect, it } from "vitest";
import { letterJson, letterRows } from "../../../scripts/cli/dead-letters/format-list.ts";
import { readLetter } from "../../../shared/amqp/read-letter.ts";
import { incoming } from "./incoming.ts";

/** As amqplib reads a timestamp, which counts seconds. */
const deathAt = (seconds: unknown) => ({
  "x-death": [{ reason: "expired", queue: "q", time: { "!": "timestamp", value: seconds } }],
});
const failedAt = (text: string) => ({ "x-risk-reason": "rejected", "x-risk-failed-at": text });

const read = (headers: object) => readLetter(incoming({ properties: { headers } }), "risk.transactions");

describe("when a letter failed", () => {
  it.each([
    { title: "the broker says", headers: deathAt(1_795_392_000), failedAtMs: 1_795_392_000_000 },
    { title: "a worker says", headers: failedAt("2026-11-23T08:00:00+08:00"), failedAtMs: 1_795_392_000_000 },
    { title: "is no whole number", headers: deathAt("soon"), failedAtMs: undefined },
    { title: "is told in milliseconds", headers: deathAt(1_795_392_000_000_000), failedAtMs: undefined },
    { title: "is past all dates", headers: deathAt(8.64e15), failedAtMs: undefined },
    { title: "is before all dates", headers: deathAt(-8.64e15), failedAtMs: undefined },
    { title: "is beyond the year 9999", headers: failedAt("9999-12-31T23:59:59Z"), failedAtMs: undefined },
    { title: "is before the year 0", headers: failedAt("0000-01-01T00:00:00+14:00"), failedAtMs: undefined },
  ])("$title: $failedAtMs, and it can be shown", ({ headers, failedAtMs }) => {
    const letter = read(headers);
    expect(letter.failedAtMs).toBe(failedAtMs);
    expect(letterRows(letter)).toContainEqual(["failed at", letterJson(letter).failedAt ?? "-"]);
  });

  it("tells letters of one body apart, also where it is no date", () => {
    const instances = [1, 2].map((part) => read(deathAt(8.64e15 + part)).instance);
    expect(new Set(instances).size).toBe(2);
  });
});
