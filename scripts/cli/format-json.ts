import { escapeHiddenInJson } from "../../shared/process/escape-hidden.ts";

/** A value as people and programs both read it. */
export const formatJson = (value: unknown): string =>
  `${escapeHiddenInJson(JSON.stringify(value, undefined, 2))}\n`;
