import { randomUUID } from "node:crypto";
import type { Redis } from "ioredis";
import type {
  Claim,
  ClaimReply,
  History,
  SentReply,
  StoredScore,
  StoreReply,
  StoringClaim,
} from "../../domain/claim.ts";
import { dayAt, endOf } from "../../domain/alipay-calendar.ts";
import type { Budgets, Spent } from "../../domain/budget.ts";
import { MOST_REPLAYS } from "../../domain/dead-letter.ts";
import type { Money } from "../../domain/money.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { LeaseNeed } from "../../domain/scoring-policy.ts";
import type { FlightRole } from "../../domain/single-flight.ts";
import type { Transaction } from "../../domain/transaction.ts";
import { deviceText, digestOf } from "./digest.ts";
import { HeldClaims, LEASE_MS } from "./held-claims.ts";
import { journalKeys } from "./journal-keys.ts";
import { readClaimReply, readSentReply, readStoreReply } from "./journal-replies.ts";
import type { Pseudonymise } from "./pseudonym.ts";
import { putOffKey } from "./read-put-off.ts";
import { booksKey } from "./read-books.ts";
import type { LedgerKeys } from "../ledger/ledger-keys.ts";
import { loadScript, LUA_BASICS, luaConstants, readPrelude } from "../script.ts";
import { loadGatheredScript } from "../gathered-script.ts";

/** What was put off is looked at on the same day, and compared with a few before. */
const PUT_OFF_TTL_SECONDS = 40 * 86_400;

/** Where the journal lies, and how long each part of it stays. */
export interface JournalSettings {
  readonly namespace: string;
  /** The quota ledger's, which say whether calls have been stopped. */
  readonly ledgerKeys: Pick<LedgerKeys, "state" | "freeze" | "permission">;
  /** Calls made and outcomes are remembered this long, renewed at each touch. */
  readonly journalTtlSeconds: number;
  readonly resultTtlSeconds: number;
  /** A returning user's score; 0 keeps none. */
  readonly cacheTtlSeconds: number;
  /** Price of a call, in ten-thousandths of a yuan. */
  readonly callPrice: number;
  /** From recording a call to storing its answer: later than that, nothing comes of it. */
  readonly longestCallMs: number;
  /** What a transaction is to its payer's flight. */
  readonly flightRole: (transaction: Transaction) => FlightRole;
  /** Whether it is taken up with a lease. */
  readonly leaseNeed: (transaction: Transaction) => LeaseNeed;
  /** In force for what this replica calls. */
  readonly budgets: Budgets;
  /** Told what all replicas' calls cost so far, with each call that is recorded or refused for want of budget. */
  readonly onSpent?: (spent: Spent) => void;
  /** Told of each outcome that this replica stored and nobody else before. */
  readonly onFirstOutcome?: (outcome: Outcome) => void;
}

/**
 * What is known of each transaction, shared by all replicas: who works on it, the calls made, how it ended.
 * One round trip to claim, one before each call, one to store. A command may be repeated after a lost reply.
 */
export class Journal {
  readonly #settings: JournalSettings;
  readonly #pseudonymise: Pseudonymise;
  readonly #keys;
  readonly #scripts;
  readonly #replica = randomUUID();
  #claims = 0;
  readonly #held: HeldClaims;

  constructor(client: Redis, settings: JournalSettings, pseudonymise: Pseudonymise) {
    this.#settings = settings;
    this.#pseudonymise = pseudonymise;
    this.#keys = journalKeys(settings.namespace);
    const constants = luaConstants({
      LEASE_MS,
      JOURNAL_TTL_S: `${settings.journalTtlSeconds}`,
      RESULT_TTL_S: `${settings.resultTtlSeconds}`,
      CACHE_TTL_S: `${settings.cacheTtlSeconds}`,
      MOST_REPLAYS,
      BOOKS: booksKey(settings.namespace),
      CALL_PRICE: settings.callPrice,
      LONGEST_CALL_MS: settings.longestCallMs,
      DAYS_BUDGET: settings.budgets.day,
      MONTHS_BUDGET: settings.budgets.month,
    });
    const basics = `${constants} ${LUA_BASICS}`;
    const withBooks = { prelude: `${basics} ${readPrelude("journal/books")}`, epilogue: "writeBooks()" };
    this.#scripts = {
      claim: loadGatheredScript(client, "journal/claim", { prelude: basics }),
      sent: loadGatheredScript(client, "journal/sent", withBooks),
      unsent: loadScript(client, "journal/unsent", withBooks.prelude),
      store: loadGatheredScript(client, "journal/store", withBooks),
      release: loadScript(client, "journal/release"),
      putOff: loadScript(client, "journal/put-off"),
    };
    this.#held = new HeldClaims(client, settings.journalTtlSeconds);
  }

  /** A token for one delivery's work: claiming again with it renews the claim. */
  newToken(): string {
    this.#claims += 1;
    return `${this.#replica}:${this.#claims}`;
  }

  async claim(transaction: Transaction, token: string, history: History): Promise<ClaimReply> {
    const { transactionId } = transaction;
    const digest = digestOf(transaction);
    const pseudonym = this.#pseudonymise(transaction.userId);
    const device = (): string => this.#pseudonymise(deviceText(transaction));
    const names = { transactionId, pseudonym, device, merchantId: transaction.merchantId, digest, token };
    const key = this.#keys.journal(transactionId);
    const reply = readClaimReply(
      await this.#scripts.claim(
        [key, this.#keys.score(pseudonym), this.#keys.flight(pseudonym)],
        [
          token,
          digest,
          historyText(history),
          // An upgrade yields to all others: nobody must wait for it.
          history.isUpgrade === true ? "apart" : this.#settings.flightRole(transaction),
          history.needsLease === true ? "always" : this.#settings.leaseNeed(transaction),
        ],
      ),
      names,
    );
    if (reply.kind !== "claimed") this.#held.letGo(token);
    else if (reply.claim.isLeased) this.#held.take(key, reply.claim);
    return reply;
  }

  /** Records call number `call` before it leaves. `nextCallInMs`: the wait after it, should it fail. */
  async sent(claim: Claim, call: number, permitId: string, nextCallInMs: number): Promise<SentReply> {
    const said = await this.#scripts.sent(this.#sentKeys(claim), [
      claim.token,
      call,
      nextCallInMs,
      permitId,
      claim.merchantId ?? "",
    ]);
    const reply = this.#read(claim, () => readSentReply(said));
    switch (reply.kind) {
      case "recorded":
        this.#held.note(claim, call, nextCallInMs);
        this.#settings.onSpent?.(reply);
        return { kind: reply.kind };
      case "unaffordable": {
        const { kind, period, nowMs } = reply;
        this.#settings.onSpent?.(reply);
        return { kind, period, remainingMs: endOf(period, nowMs) - nowMs };
      }
      case "withdrawn":
        return { kind: reply.kind };
      case "lost":
      case "settled":
        this.#held.letGo(claim.token);
        return reply;
    }
  }

  /** Takes a recorded call back that surely never left. Best effort: untold, it counts. */
  async unsent(claim: Claim, call: number, permitId: string): Promise<void> {
    const key = this.#keys.journal(claim.transactionId);
    this.#held.note(claim, call - 1, 0);
    const args = [call, permitId, claim.merchantId ?? ""];
    await this.#scripts.unsent([key], args).catch(() => undefined);
  }

  /** Stores how it ended, and the score for the returning user where there is a new one. */
  async store(
    claim: StoringClaim,
    outcome: Outcome,
    calls: number,
    score: StoredScore | undefined,
  ): Promise<StoreReply> {
    const key = this.#keys.journal(claim.transactionId);
    const { cacheTtlSeconds } = this.#settings;
    const body = outcome.kind === "result" ? outcome.result : outcome.deadLetter;
    const said = await this.#scripts.store(
      [key, this.#keys.result(claim.transactionId), this.#keys.score(claim.pseudonym)],
      [
        claim.digest,
        outcome.kind,
        JSON.stringify(body),
        calls,
        score === undefined || cacheTtlSeconds === 0 ? "" : JSON.stringify({ v: 1, ...score }),
        claim.replays,
        claim.merchantId ?? "",
        outcome.kind === "result" ? outcome.result.source : "",
      ],
    );
    const reply = this.#read(claim, () => readStoreReply(said));
    if (reply.kind === "recount") return reply;
    this.#held.letGo(claim.token);
    if (reply.kind === "conflict") return reply;
    if (reply.kind === "settled") return { kind: "stored", outcome: reply.outcome };
    this.#settings.onFirstOutcome?.(outcome);
    return { kind: "stored", outcome };
  }

  /** Gives a claim back unfinished. Best effort: where it fails, the lease runs out. */
  async release(claim: Claim): Promise<void> {
    const key = this.#keys.journal(claim.transactionId);
    this.#held.letGo(claim.token);
    await this.#scripts.release([key], [claim.token]).catch(() => undefined);
  }

  /** Gives the claim back of a transaction that goes to wait, and counts it among the day's. Best effort, too. */
  async putOff(claim: Claim, { currency, minorUnits }: Money): Promise<void> {
    this.#held.letGo(claim.token);
    const day = dayAt(claim.nowMs);
    const keys = [this.#keys.journal(claim.transactionId), putOffKey(this.#settings.namespace, day)];
    await this.#scripts
      .putOff(keys, [claim.token, currency, minorUnits, PUT_OFF_TTL_SECONDS])
      .catch(() => undefined);
  }

  /** Stops renewing; what is still held runs out. */
  close(): void {
    this.#held.close();
  }

  /** A claim whose reply nobody can read is not renewed any more: nothing comes of it. */
  #read<T>({ token }: Claim | StoringClaim, read: () => T): T {
    try {
      return read();
    } catch (error) {
      this.#held.letGo(token);
      throw error;
    }
  }

  #sentKeys({ transactionId }: Claim): string[] {
    const { state, freeze, permission } = this.#settings.ledgerKeys;
    return [this.#keys.journal(transactionId), state, freeze, permission];
  }
}

/** For claim.lua; empty where nothing is said, as by most deliveries. */
function historyText({ calls, replays, replay, isUpgrade, instance, forgiven = 0 }: History): string {
  const counts = calls + replays + forgiven;
  const saysNothing = counts === 0 && replay === "none" && isUpgrade !== true && instance === undefined;
  return saysNothing ? "" : JSON.stringify({ calls, replays, replay, isUpgrade, instance, forgiven });
}
