import type { Letter, LetterReason } from "./letter.ts";

/** Dead letters of one reason and code. */
export interface LetterGroup {
  readonly reason: LetterReason;
  readonly code: string | undefined;
  /** Copies of one letter count once. */
  letters: number;
  copies: number;
  oldestMs: number | undefined;
  newestMs: number | undefined;
  /** Minor units by currency: exact however many there are. */
  readonly amounts: Map<string, bigint>;
}

/** Codes come from outside: so many groups at most, and one for all that come later. */
const MOST_GROUPS = 500;
const OTHERS = "others";

/** Counts dead letters by reason and code, in memory that their number hardly moves. */
export class LetterGroups {
  readonly #groups = new Map<string, LetterGroup>();

  add(letter: Letter, isCopy: boolean): void {
    const group = this.#groupOf(letter);
    if (isCopy) {
      group.copies += 1;
      return;
    }
    group.letters += 1;
    const { failedAtMs, glance } = letter;
    if (failedAtMs !== undefined) {
      group.oldestMs = Math.min(group.oldestMs ?? failedAtMs, failedAtMs);
      group.newestMs = Math.max(group.newestMs ?? failedAtMs, failedAtMs);
    }
    if (glance.amount === undefined) return;
    const { currency, minorUnits } = glance.amount;
    group.amounts.set(currency, (group.amounts.get(currency) ?? 0n) + BigInt(minorUnits));
  }

  /** The largest first. */
  all(): readonly LetterGroup[] {
    return [...this.#groups.values()].toSorted((a, b) => b.letters - a.letters || order(a, b));
  }

  #groupOf({ reason, code }: Pick<Letter, "reason" | "code">): LetterGroup {
    const key = `${reason} ${code ?? ""}`;
    const known = this.#groups.get(key);
    if (known !== undefined) return known;
    const isFull = this.#groups.size >= MOST_GROUPS && code !== OTHERS;
    if (isFull && code !== undefined) return this.#groupOf({ reason, code: OTHERS });
    const group: LetterGroup = {
      reason,
      code,
      letters: 0,
      copies: 0,
      oldestMs: undefined,
      newestMs: undefined,
      amounts: new Map(),
    };
    this.#groups.set(key, group);
    return group;
  }
}

const order = (a: LetterGroup, b: LetterGroup): number =>
  `${a.reason} ${a.code ?? ""}` < `${b.reason} ${b.code ?? ""}` ? -1 : 1;
