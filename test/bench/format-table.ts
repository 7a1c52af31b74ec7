import type { Finding } from "./bench-case.ts";

/** A finding as a person reads it on a terminal. */
export function terminalTable({ head, rows, goals }: Finding): string {
  const widths = widthsOf(head, rows);
  const lines = [head, ...rows].map((cells) => padded(cells, widths).join("  ").trimEnd());
  return [
    ...lines,
    ...goals.map(({ what, isReached }) => `${isReached ? "reached" : "MISSED "}  ${what}`),
  ].join("\n");
}

/** The same for a document. */
export function markdownTable({ head, rows }: Finding): string {
  const widths = widthsOf(head, rows);
  const line = (cells: readonly string[]): string => `| ${padded(cells, widths).join(" | ")} |`;
  return [line(head), line(widths.map((width) => "-".repeat(width))), ...rows.map(line)].join("\n");
}

const widthsOf = (head: readonly string[], rows: readonly (readonly string[])[]): number[] =>
  head.map((_, column) => Math.max(...[head, ...rows].map((cells) => cells[column]?.length ?? 0)));

const padded = (cells: readonly string[], widths: readonly number[]): string[] =>
  widths.map((width, column) => (cells[column] ?? "").padEnd(width));
