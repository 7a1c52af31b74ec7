import { fitRows, isNarrow } from "./fit-rows.ts";

const GAP = "  ";

/**
 * A table with a column for each heading; `>` before one aligns it to the right. Where the terminal is narrow, each row
 * is a block of names and values.
 */
export function formatTable(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const names = headings.map((heading) => heading.replace(/^>/, ""));
  const lines = [names, ...rows];
  const widths = names.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  const total = widths.reduce((sum, width) => sum + width + GAP.length, 0);
  if (isNarrow() || (process.stdout.isTTY && process.stdout.columns < total)) {
    return rows.map((row) => fitRows(names.map((name, column) => [name, row[column] ?? ""]))).join("\n");
  }
  const pad = (text: string, column: number): string => {
    const width = widths[column] ?? 0;
    return headings[column]?.startsWith(">") === true ? text.padStart(width) : text.padEnd(width);
  };
  return lines.map((line) => `${line.map(pad).join(GAP).trimEnd()}\n`).join("");
}
