import { z } from "zod";
import type { RedisClient } from "../connection.ts";
import { readable } from "../readable.ts";

/** What was put off on one day in one currency: transactions that had to wait for a call, each counted once. */
export interface PutOff {
  readonly currency: string;
  readonly transactions: number;
  /** In the currency's smallest unit. */
  readonly minorUnits: number;
}

const count = z.coerce.number().int().nonnegative();

/** The day's, by currency; `day` as the journal names it: "2026-11-23". */
export async function readPutOff(client: RedisClient, namespace: string, day: string): Promise<PutOff[]> {
  const key = putOffKey(namespace, day);
  return readable(key, async () => putOffIn(await client.hgetall(key)));
}

function putOffIn(fields: Readonly<Record<string, string>>): PutOff[] {
  return Object.entries(fields)
    .flatMap(([name, value]) => {
      const [, currency] = /^transactions ([A-Z]{3})$/.exec(name) ?? [];
      if (currency === undefined) return [];
      return [
        {
          currency,
          transactions: count.parse(value),
          minorUnits: count.parse(fields[`minorUnits ${currency}`]),
        },
      ];
    })
    .toSorted((a, b) => b.transactions - a.transactions);
}

/** Where put-off.lua counts. */
export function putOffKey(namespace: string, day: string): string {
  return `${namespace}:put-off:${day}`;
}
