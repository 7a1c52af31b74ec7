import { describe, expect, it } from "vitest";
import { isUnreadable } from "../../../../shared/redis/is-unreadable.ts";
import {
  readClaimReply,
  readSentReply,
  readStoreReply,
} from "../../../../shared/redis/journal/journal-replies.ts";

const names = {
  transactionId: "T1",
  pseudonym: "payer",
  device: () => "device",
  merchantId: undefined,
  digest: "digest",
  token: "token",
};
const counts = [250, 1, 2, 1_000, 2_000, 3];
const known = {
  nextCallInMs: 250,
  calls: 1,
  replays: 2,
  firstTakenUpAtMs: 1_000,
  nowMs: 2_000,
  forgiven: 3,
};

describe("a reply of claim.lua", () => {
  it("tells what is known of a claimed transaction", () => {
    expect(readClaimReply(["claimed", ...counts, null, null], names)).toEqual({
      kind: "claimed",
      claim: { ...names, ...known, score: undefined, isLeased: true },
    });
  });

  it("tells of a new one that it is claimed without a lease, and nothing is known of it", () => {
    const nothing = {
      nextCallInMs: 0,
      calls: 0,
      replays: 0,
      forgiven: 0,
      firstTakenUpAtMs: 2_000,
      nowMs: 2_000,
    };
    expect(readClaimReply(["new", 2_000, null], names)).toEqual({
      kind: "claimed",
      claim: { ...names, ...nothing, score: undefined, isLeased: false },
    });
  });

  it.each(["leased", "following"])("tells how long it is %s, and the same", (kind) => {
    expect(readClaimReply([kind, ...counts], names)).toEqual({
      kind,
      remainingMs: 250,
      known: { ...names, ...known, score: undefined, isLeased: false },
    });
  });
});

describe("a reply of sent.lua", () => {
  it.each([
    { said: ["recorded", 5, 1, 2], read: { kind: "recorded", nowMs: 5, day: 1, month: 2 } },
    {
      said: ["unaffordable", 5, 1, 2, "month"],
      read: { kind: "unaffordable", period: "month", nowMs: 5, day: 1, month: 2 },
    },
    { said: ["lost"], read: { kind: "lost" } },
  ])("$said", ({ said, read }) => {
    expect(readSentReply(said)).toEqual(read);
  });
});

describe("what no version of ours replies", () => {
  const readClaim = (said: unknown) => readClaimReply(said, names);
  it.each([
    { title: "no list", read: readClaim, said: "claimed" },
    { title: "another kind of a claim", read: readClaim, said: ["odd", 1] },
    { title: "a claim without a number", read: readClaim, said: ["conflict", "1"] },
    { title: "a score that is no text", read: readClaim, said: ["claimed", ...counts, 0.5, null] },
    { title: "another kind of a record", read: readSentReply, said: [] },
    { title: "another period", read: readSentReply, said: ["unaffordable", 5, 1, 2, "year"] },
    { title: "another kind of a store", read: readStoreReply, said: [null] },
    { title: "a body that is no JSON", read: readStoreReply, said: ["settled", "result", "{"] },
  ])("$title: is none that asking again could mend", ({ read, said }) => {
    let thrown: unknown;
    try {
      read(said);
    } catch (error) {
      thrown = error;
    }
    expect(isUnreadable(thrown)).toBe(true);
  });
});
