import { styleText } from "node:util";
import { isNarrow, terminalColumns, wrap } from "../fit-rows.ts";
import { GROUPS, type Finding } from "./finding.ts";

type Level = Finding["level"];

/** A mark that is told apart without colours, too. */
const MARKS: Readonly<
  Record<Level, { readonly mark: string; readonly colour: "green" | "yellow" | "red" | "dim" }>
> = {
  ok: { mark: "✓", colour: "green" },
  warning: { mark: "!", colour: "yellow" },
  problem: { mark: "✗", colour: "red" },
  "not-checked": { mark: "-", colour: "dim" },
};

/** Findings as programs read them; `cure` is null where nothing is to do. */
export const findingsJson = (findings: readonly Finding[]): readonly object[] =>
  findings.map(({ id, group, level, found, ...rest }) => ({
    id,
    group,
    level,
    found,
    cure: "cure" in rest ? rest.cure : null,
  }));

/** Findings by group, each with its mark and, below it, what to do; and a line that counts them. */
export function formatFindings(findings: readonly Finding[], columns = terminalColumns()): string {
  const width = Math.max(...findings.map(({ id }) => id.length));
  const groups = GROUPS.flatMap((group) => {
    const found = together(findings.filter((finding) => finding.group === group));
    return found.length === 0
      ? []
      : [`${group}\n${found.map((each) => lines(each, width, columns)).join("")}`];
  });
  return `${groups.join("\n")}\n${wrap(summary(findings), columns, "")}`;
}

const isSkipped = ({ level }: Finding): boolean => level === "not-checked";

/** What is not checked for one and the same reason takes one line. */
function together(findings: readonly Finding[]): Finding[] {
  const counts = Map.groupBy(findings.filter(isSkipped), ({ found }) => found);
  return findings.flatMap((finding) => {
    const alike = isSkipped(finding) ? (counts.get(finding.found) ?? []) : [finding];
    if (alike.length < 2) return [finding];
    return alike[0] === finding ? [{ ...finding, id: `${alike.length} checks` }] : [];
  });
}

function lines(finding: Finding, width: number, columns: number): string {
  const { mark, colour } = MARKS[finding.level];
  const marked = (text: string): string => styleText(colour, mark, { stream: process.stdout }) + text;
  const texts = "cure" in finding ? [finding.found, `→ ${finding.cure}`] : [finding.found];
  if (isNarrow(columns)) {
    const indented = texts.map((text) => wrap(text, columns - NARROW_INDENT.length, NARROW_INDENT));
    return marked(` ${finding.id}\n${indented.join("")}`);
  }
  const indent = " ".repeat(width + 4);
  const indented = texts.map((text) => wrap(text, columns - indent.length, indent)).join("");
  return marked(` ${finding.id.padEnd(width)}  ${indented.slice(indent.length)}`);
}

const NARROW_INDENT = "  ";

/** Level by level, worst first: "2 problems, 1 warning, 20 ok". */
function summary(findings: readonly Finding[]): string {
  const count = (level: Level): number => findings.filter((finding) => finding.level === level).length;
  const parts: readonly (readonly [count: number, one: string, many: string])[] = [
    [count("problem"), "problem", "problems"],
    [count("warning"), "warning", "warnings"],
    [count("not-checked"), "not checked", "not checked"],
    [count("ok"), "ok", "ok"],
  ];
  return parts
    .filter(([many]) => many > 0)
    .map(([many, one, name]) => `${many} ${many === 1 ? one : name}`)
    .join(", ");
}
