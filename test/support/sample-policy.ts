import type { ScoringPolicy } from "../../shared/domain/scoring-policy.ts";

interface Changes extends Partial<ScoringPolicy["changes"]>, Partial<Pick<ScoringPolicy, "belowThreshold">> {
  /** In fen. */
  readonly scoreAbove?: number;
  readonly byCurrency?: Readonly<Record<string, number>>;
  readonly byCategory?: Readonly<Record<string, number>>;
}

/** The policy where no setting is set, with some of them changed. */
export function samplePolicy({
  scoreAbove = 0,
  byCurrency = {},
  byCategory = {},
  belowThreshold = "approve",
  ...changes
}: Changes = {}): ScoringPolicy {
  return {
    thresholds: {
      byCurrency: new Map(Object.entries({ CNY: scoreAbove, ...byCurrency })),
      byCategory: new Map(Object.entries(byCategory)),
    },
    changes: { alwaysScoreOn: [], amountJump: 10, placeJumpKm: 500, ...changes },
    belowThreshold,
  };
}
