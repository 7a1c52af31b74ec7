import { parseQuota, type Quota } from "../../shared/domain/quota.ts";

/** The quota that a setting's text says. */
export function quotaOf(text: string): Quota {
  const quota = parseQuota(text);
  if (!quota.ok) throw new Error(quota.problem);
  return quota.value;
}
