import { describe, expect, it } from "vitest";
import { prospectOf, type Past, type ReplayTerms } from "../../../../shared/domain/letters/prospect.ts";
import type { ScoringPolicy } from "../../../../shared/domain/scoring-policy.ts";
import { parseTransaction } from "../../../../shared/domain/transaction.ts";
import { sampleBody } from "../../../support/sample-transaction.ts";

const NOW_MS = Date.parse("2026-11-23T01:00:00Z");
const LETTER = { instance: "the-letter", attempts: 1, replays: 0 };
function policyOf(fen: number, belowThreshold: "approve" | "score"): ScoringPolicy {
  return {
    thresholds: { byCurrency: new Map([["CNY", fen]]), byCategory: new Map() },
    changes: { alwaysScoreOn: ["device"], amountJump: 10, placeJumpKm: 500 },
    belowThreshold,
  };
}

const TERMS: ReplayTerms = {
  scoringPolicy: policyOf(0, "approve"),
  retryPolicy: { retryLimit: 3, initialDelayMs: 5_000 },
  freshCalls: false,
  nowMs: NOW_MS,
  payer: { score: undefined, device: () => "d" },
};
const PAST: Past = {
  kind: "dead-letter",
  isSameContent: true,
  calls: 1,
  forgiven: 0,
  replays: 0,
  instances: [],
  firstAtMs: NOW_MS - 1_000,
};
const SCORE = { riskScore: 0.1, ruleCodes: [], traceId: null, payment: { device: "d" } };
const small = { scoringPolicy: policyOf(20_000, "approve") };
const scoring = { scoringPolicy: policyOf(20_000, "score") };

interface Case {
  readonly when: string;
  readonly letter?: Partial<typeof LETTER> | { readonly replays: undefined };
  readonly body?: object;
  readonly past?: Partial<Past> | null;
  readonly terms?: Partial<ReplayTerms>;
  readonly expected: object;
}

const CASES: readonly Case[] = [
  { when: "its cause may be mended", expected: { kind: "call", callsLeft: 3 } },
  { when: "nobody remembers it", past: null, expected: { kind: "call", callsLeft: 3 } },
  { when: "the journal knows of more calls", past: { calls: 3 }, expected: { kind: "call", callsLeft: 1 } },
  {
    when: "the letter knows of more calls",
    letter: { attempts: 2 },
    expected: { kind: "call", callsLeft: 2 },
  },
  {
    when: "all calls were made",
    past: { calls: 4 },
    expected: { kind: "hopeless", why: "attempts-exhausted" },
  },
  {
    when: "some were forgiven before",
    past: { calls: 6, forgiven: 4 },
    expected: { kind: "call", callsLeft: 2 },
  },
  {
    when: "all of the second budget were made",
    past: { calls: 8, forgiven: 4 },
    expected: { kind: "hopeless", why: "attempts-exhausted" },
  },
  {
    when: "new ones are granted",
    past: { calls: 4 },
    terms: { freshCalls: true },
    expected: { kind: "call", callsLeft: 4 },
  },
  { when: "it has a result", past: { kind: "result" }, expected: { kind: "answered" } },
  {
    when: "another content has a result",
    past: { kind: "result", isSameContent: false },
    expected: { kind: "hopeless", why: "conflict" },
  },
  {
    when: "another content is worked on",
    past: { kind: undefined, isSameContent: false },
    expected: { kind: "hopeless", why: "conflict" },
  },
  { when: "another content failed", past: { isSameContent: false, replays: 2 }, expected: { kind: "call" } },
  { when: "it was put back before", past: { instances: ["x", "the-letter"] }, expected: { kind: "copy" } },
  {
    when: "it was put back, and is worked on",
    past: { kind: undefined, instances: ["the-letter"] },
    expected: { kind: "copy" },
  },
  { when: "a later letter of it was put back", past: { replays: 1 }, expected: { kind: "copy" } },
  {
    when: "it was put back and killed its workers: that letter says the number of before",
    past: { kind: undefined, replays: 1 },
    expected: { kind: "call" },
  },
  {
    when: "no worker wrote it",
    letter: { replays: undefined },
    past: { replays: 1 },
    expected: { kind: "call" },
  },
  { when: "it does not parse", body: { rail: undefined }, expected: { kind: "hopeless", why: "malformed" } },
  {
    when: "its rail is not scored",
    body: { rail: "wechat" },
    expected: { kind: "hopeless", why: "unsupported-rail" },
  },
  {
    when: "its time is over",
    body: { decideBy: "2026-11-23T08:00:02+08:00" },
    expected: { kind: "hopeless", why: "expired" },
  },
  { when: "it is small", terms: small, expected: { kind: "no-call" } },
  { when: "it is small and to be scored", terms: scoring, expected: { kind: "call" } },
  {
    when: "it is small and its payer has a score",
    terms: { ...scoring, payer: { score: SCORE, device: () => "d" } },
    expected: { kind: "no-call" },
  },
  {
    when: "it is small, and its payer has a score of another device",
    terms: { ...scoring, payer: { score: SCORE, device: () => "e" } },
    expected: { kind: "call" },
  },
];

describe("the prospect of a dead letter", () => {
  it.each(CASES)("where $when", ({ letter, body, past, terms, expected }) => {
    const transaction = parseTransaction(Buffer.from(JSON.stringify(sampleBody({ ...body }))));
    const known = past === null ? undefined : { ...PAST, ...past };
    const found = prospectOf({ ...LETTER, ...letter }, transaction, known, { ...TERMS, ...terms });
    expect(found).toMatchObject(expected);
  });
});
