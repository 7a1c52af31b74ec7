/** One row of the file. */
export interface Row {
  readonly payer: string;
  readonly fen: number;
  /** The transaction that is published for it. */
  readonly body: string;
}

/** What must come out of a file. */
export interface Expected {
  readonly scored: number;
  readonly cached: number;
  readonly belowThreshold: number;
  /** The risk API takes no amount of 0. */
  readonly bad: number;
}

/** The amount that as many good rows are below as above, in fen; of two in the middle the lower one. */
export function medianFen(rows: readonly Row[]): number {
  const amounts = rows.map(({ fen }) => fen).filter((fen) => fen > 0);
  return amounts.toSorted((a, b) => a - b)[Math.floor((amounts.length - 1) / 2)] ?? 0;
}

/** Counts in the file's order, one row after the other, without the code under test; no stored score ever expires. */
export function countInOrder(
  rows: readonly Row[],
  thresholdFen: number,
  below: "approve" | "score",
): Expected {
  const known = new Set<string>();
  const counts = { scored: 0, cached: 0, belowThreshold: 0, bad: 0 };
  for (const { payer, fen } of rows) {
    if (fen === 0) {
      counts.bad += 1;
    } else if (fen <= thresholdFen && known.has(payer)) {
      counts.cached += 1;
    } else if (fen <= thresholdFen && below === "approve") {
      counts.belowThreshold += 1;
    } else {
      counts.scored += 1;
      known.add(payer);
    }
  }
  return counts;
}

/** For each row: 0 before its payer's first row that is scored (and where it is bad), 1 that one, 2 after it. */
export function phaseOf(rows: readonly Row[], thresholdFen: number, scoresSmall: boolean): (0 | 1 | 2)[] {
  const known = new Set<string>();
  return rows.map(({ payer, fen }) => {
    if (fen === 0) return 0;
    if (known.has(payer)) return 2;
    if (fen <= thresholdFen && !scoresSmall) return 0;
    known.add(payer);
    return 1;
  });
}
