import type { CaseReport } from "./quota-case.ts";

/** Names and widths of the table's columns. */
const COLUMNS = [
  ["case", 20],
  ["quota", 19],
  ["s", 4],
  ["calls", 6],
  ["used", 7],
  ["busiest windows", 24],
  ["per replica", 11],
  ["refused", 7],
] as const;

const row = (cells: readonly string[]): string =>
  COLUMNS.map(([, width], index) => (cells[index] ?? "").padEnd(width)).join("  ");

export const TABLE_HEAD = row(COLUMNS.map(([name]) => name));

/** One line for one case, and what else it measured. */
export function tableRow(report: CaseReport): string {
  const { shares, figures, refusals } = report;
  const refused = Object.values(refusals).reduce((sum, count) => sum + count, 0);
  const line = row([
    report.name,
    report.quota,
    report.seconds.toFixed(0),
    String(report.calls),
    `${(100 * report.utilisation).toFixed(1)} %`,
    report.windows.map(({ calls, busiest }) => `${busiest} of ${calls}`).join(", "),
    shares === undefined ? "" : `${shares.least}-${shares.most}`,
    String(refused),
  ]);
  const others = Object.entries(figures).map(([name, value]) => `${name} ${Number(value.toFixed(2))}`);
  return [line.trimEnd(), ...others.map((figure) => `  ${figure}`)].join("\n");
}
