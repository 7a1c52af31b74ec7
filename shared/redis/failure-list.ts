import { failureRecordSchema, sortOf, type FailureRecord } from "../domain/failure-record.ts";
import type { RedisClient } from "./connection.ts";
import { readable } from "./readable.ts";

/** The newest are kept; what was before is in the logs. */
const MOST_KEPT = 200;
const KEPT_SECONDS = 86_400;

/** Failures of one sort, over all replicas: as far back as they are kept. */
export interface FailureSummary extends FailureRecord {
  readonly firstAtMs: number;
}

const failuresKey = (namespace: string): string => `${namespace}:failures`;

/** Adds what a replica met to the list that all of them share. Written twice, it counts twice: it is for people. */
export async function addFailures(
  client: RedisClient,
  namespace: string,
  failures: readonly FailureRecord[],
): Promise<void> {
  const key = failuresKey(namespace);
  const [first, ...rest] = failures.map((failure) => JSON.stringify(failure));
  if (first === undefined) return;
  await client.lpush(key, first, ...rest);
  await client.ltrim(key, 0, MOST_KEPT - 1);
  await client.expire(key, KEPT_SECONDS);
}

/** What went wrong in the last day, the newest first, each sort once. `nowMs`: Redis' clock. */
export async function readFailures(
  client: RedisClient,
  namespace: string,
  nowMs: number,
): Promise<FailureSummary[]> {
  const key = failuresKey(namespace);
  const written = await readable(key, () => client.lrange(key, 0, MOST_KEPT - 1));
  const bySort = new Map<string, FailureSummary>();
  // The list lives for a day after the latest one.
  const failures = written.flatMap(readFailure).filter(({ atMs }) => atMs > nowMs - 1_000 * KEPT_SECONDS);
  for (const failure of failures.toSorted((a, b) => b.atMs - a.atMs)) {
    const latest = bySort.get(sortOf(failure));
    bySort.set(sortOf(failure), {
      ...(latest ?? failure),
      count: (latest?.count ?? 0) + failure.count,
      firstAtMs: failure.atMs,
    });
  }
  return [...bySort.values()];
}

/** None where another version wrote it in another form. */
function readFailure(text: string): FailureRecord[] {
  try {
    const failure = failureRecordSchema.safeParse(JSON.parse(text));
    return failure.success ? [failure.data] : [];
  } catch {
    return [];
  }
}
