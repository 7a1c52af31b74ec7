import type { ScoringPolicy } from "../../domain/scoring-policy.ts";
import type { AllSettings } from "./settings.ts";

/** What is scored, as the settings say. */
export const readScoringPolicy = (policy: AllSettings["policy"]): ScoringPolicy => ({
  thresholds: {
    byCurrency: new Map([["CNY", policy.scoreAboveFen], ...policy.scoreAboveByCurrency]),
    byCategory: new Map(policy.scoreAboveByCategory),
  },
  changes: policy,
  belowThreshold: policy.belowThreshold,
});
