import { CHANGES, type Change } from "../../domain/payer-change.ts";
import { limitsByCategory, limitsByCurrency, wordList } from "./setting-lists.ts";
import { decimalNumber, oneOf, onOrOff, wholeNumber, yuan } from "./setting-values.ts";
import { computed, withDefault } from "./setting.ts";

/** What is scored, and what verdict follows. */
export const policySettings = {
  scoreAboveFen: withDefault(
    "SCORE_ABOVE",
    "0",
    yuan(2, 100_000_000),
    "amount above which the API is always called; 0 scores everything",
  ),
  scoreAboveByCurrency: computed(
    "SCORE_ABOVE_BY_CURRENCY",
    "none: always scored",
    () => [],
    limitsByCurrency,
    "the same for other currencies",
  ),
  scoreAboveByCategory: computed(
    "SCORE_ABOVE_BY_CATEGORY",
    "none",
    () => [],
    limitsByCategory,
    "amounts in CNY by merchant category; they win over `SCORE_ABOVE`, and 0 over every currency",
  ),
  belowThreshold: withDefault(
    "BELOW_THRESHOLD",
    "approve",
    oneOf("approve", "score"),
    "what to do at or below `SCORE_ABOVE` without a stored score",
  ),
  alwaysScoreOn: computed(
    "ALWAYS_SCORE_ON",
    "nothing",
    (): readonly Change[] => [],
    wordList(...CHANGES),
    "changes since the payer's stored score that are scored whatever the amount is",
  ),
  amountJump: withDefault(
    "AMOUNT_JUMP",
    "10",
    wholeNumber(2, 10_000),
    "an amount is a change where it is more than so many times the scored one",
  ),
  placeJumpKm: withDefault(
    "PLACE_JUMP_KM",
    "500",
    wholeNumber(50, 20_000),
    "a place is a change where it is farther from the scored one",
  ),
  cacheTtlSeconds: withDefault(
    "CACHE_TTL_SECONDS",
    "300",
    wholeNumber(0, 86_400),
    "how long a returning user's score is used, counted from when it is stored; 0: none is used",
  ),
  reviewAt: withDefault("RISK_REVIEW_AT", "0.5", decimalNumber(0, 1), "score from which on it is `review`"),
  declineAt: withDefault(
    "RISK_DECLINE_AT",
    "0.8",
    decimalNumber(0, 1),
    "score from which on it is `decline`",
  ),
  fallbackVerdict: withDefault(
    "FALLBACK_VERDICT",
    "review",
    oneOf("approve", "review", "decline"),
    "verdict on a transaction that nobody could answer before its `decideBy`",
  ),
  upgradesLate: withDefault(
    "UPGRADE_LATE",
    "off",
    onOrOff,
    "`on`: after a fallback the true score still follows as revision 2, when quota is free",
  ),
} as const;
