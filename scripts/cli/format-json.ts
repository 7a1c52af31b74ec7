import { escapeHiddenInJson } from "../../shared/process/escape-hidden.ts";

/** A value in one line of JSON. A terminal must not obey, or hide, what somebody wrote into it. */
export const formatJsonLine = (value: unknown): string => `${escapeHiddenInJson(JSON.stringify(value))}\n`;

/** A value as people and programs both read it. */
export const formatJson = (value: unknown): string =>
  `${escapeHiddenInJson(JSON.stringify(value, undefined, 2))}\n`;
