import { z } from "zod";
import { parseInstant } from "../../../shared/domain/instant.ts";
import { parsed, refused, type Parsed } from "../../../shared/domain/parsed.ts";
import { counted, recorded, type Arrivals, type CountFrom } from "../../plan/arrivals.ts";
import { findSources } from "../publish/find-sources.ts";
import { readRecords } from "../publish/read-records.ts";
import type { Source } from "../publish/source.ts";

const moment = z.string().transform((text, context) => {
  const instant = parseInstant(text);
  if (instant.ok) return instant.value;
  context.addIssue({ code: "custom", message: instant.problem });
  return z.NEVER;
});
const countRow = z.strictObject({ at: moment, count: z.coerce.number().int().min(0).max(1e9) });
const transactionRow = z.object({ occurredAt: moment });

/** What a row of a file stands for: so many from a moment on, or one transaction at a moment. */
type Row = { readonly atMs: number; readonly count: number | undefined };

/**
 * Reads arrivals from a file that `publish` could read, by their `occurredAt`, or from one with the columns `at` and
 * `count`. `onUnreadable` hears of each row that is neither.
 */
export async function readArrivals(
  file: string,
  map: string | undefined,
  onUnreadable: (where: string) => void,
): Promise<Arrivals> {
  const rows: Row[] = [];
  for await (const { body, line } of readRecords([await sourceOf(file, map)], new AbortController().signal)) {
    const row = readRow(body());
    if (row.ok) rows.push(row.value);
    else onUnreadable(`${file} line ${line}: ${row.problem}`);
  }
  return arrivalsOf(file, rows);
}

/** A CSV file of counts needs no mapping. */
async function sourceOf(file: string, map: string | undefined): Promise<Source> {
  if (map === undefined && /\.csv$/i.test(file)) {
    const sources = await findSources([file], { format: "ndjson" });
    const [source] = sources;
    if (source !== undefined && (await firstLineOf(source)) === "at,count") {
      return { file, bytes: source.bytes, open: source.open, format: "csv", mapRow: (row) => row };
    }
  }
  const [source] = await findSources([file], map === undefined ? {} : { map });
  if (source === undefined) throw new Error(`${file}: cannot be read`);
  return source;
}

async function firstLineOf(source: Source): Promise<string> {
  for await (const { body } of readRecords([source], new AbortController().signal)) {
    return body()
      .toString()
      .replace(/^\uFEFF/, "")
      .trim();
  }
  return "";
}

function readRow(body: Buffer): Parsed<Row> {
  let json: unknown;
  try {
    json = JSON.parse(body.toString());
  } catch {
    return refused("no JSON");
  }
  const counts = countRow.safeParse(json);
  if (counts.success) return parsed({ atMs: counts.data.at, count: counts.data.count });
  const transaction = transactionRow.safeParse(json);
  if (transaction.success) return parsed({ atMs: transaction.data.occurredAt, count: undefined });
  return refused("neither a transaction with occurredAt nor at and count");
}

function arrivalsOf(file: string, rows: readonly Row[]): Arrivals {
  if (rows.length === 0) throw new Error(`${file}: holds no arrivals`);
  const counts = rows.filter((row): row is CountFrom => row.count !== undefined);
  if (counts.length === 0)
    return recorded(
      file,
      Float64Array.from(rows, ({ atMs }) => atMs),
    );
  if (counts.length < rows.length) throw new Error(`${file}: holds counts and transactions; one of the two`);
  const isInOrder = counts.every(({ atMs }, place) => atMs > (counts[place - 1]?.atMs ?? -Infinity));
  if (!isInOrder) throw new Error(`${file}: its rows must go up in time, each moment once`);
  return counted(file, counts);
}
