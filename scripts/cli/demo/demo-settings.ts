import { SAMPLE_SCORE_ABOVE } from "../../sample/generate-sample.ts";

/**
 * What the demo's workers run with; everything else has its default, the retries' five seconds among them. The quota is
 * one that half a minute's sample uses up.
 */
export const DEMO_SETTINGS = {
  ALIPAY_QUOTA: "50/1s,50000/1h",
  SCORE_ABOVE: String(SAMPLE_SCORE_ABOVE),
  // The sandbox is new, and so is Redis.
  ALIPAY_QUOTA_HISTORY: "none",
} as const;

/**
 * Rows that are published each second: calls are wanted a little slower than the quota gives them. Faster, the smallest
 * of the large payments would wait until the end, and their payers come back before they are scored.
 */
export const ROWS_PER_SECOND = 125;
