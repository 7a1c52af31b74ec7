/**
 * Makes a transaction of one CSV row, whose columns are named by the header. What it returns is published as JSON
 * even if it is no valid transaction, but for a promise; the line number can make an id of a row that has none.
 */
export type MapRow = (row: Readonly<Record<string, string>>, lineNumber: number) => unknown;
