/** Below this, two columns leave too little for the second one. */
const LEAST_FOR_COLUMNS = 60;
const INDENT = "  ";

/** Where it is no terminal, a line is as long as it is. */
export const terminalColumns = (): number => (process.stdout.isTTY ? process.stdout.columns : Infinity);

/** Whether there is too little room for two columns. */
export function isNarrow(columns = terminalColumns()): boolean {
  return columns < LEAST_FOR_COLUMNS;
}

/**
 * Names and values for a terminal of a certain width: in two columns, or each value under its name where that is
 * narrow.
 */
export function fitRows(
  rows: readonly (readonly [name: string, value: string])[],
  columns = terminalColumns(),
): string {
  if (isNarrow(columns)) {
    return rows.map(([name, value]) => `${name}\n${wrap(value, columns - INDENT.length, INDENT)}`).join("");
  }
  const width = Math.max(...rows.map(([name]) => name.length));
  const room = columns - width - INDENT.length;
  return rows
    .map(([name, value]) => name.padEnd(width) + wrap(value, room, " ".repeat(width + 2)).slice(width))
    .join("");
}

/** The same in fewer lines: where it is narrow, a value that fits beside its name stands there. */
export function fitCompactRows(
  rows: readonly (readonly [name: string, value: string])[],
  columns = terminalColumns(),
): string {
  if (!isNarrow(columns)) return fitRows(rows, columns);
  return rows
    .map(([name, value]) => {
      const line = `${name}${INDENT}${value}`;
      return line.length <= columns ? `${line}\n` : fitRows([[name, value]], columns);
    })
    .join("");
}

/** Breaks a text at blanks; a longer word stays whole, so that it can be copied. */
export function wrap(text: string, room: number, indent: string): string {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  return [...lines, line].map((part) => `${indent}${part}\n`).join("");
}
