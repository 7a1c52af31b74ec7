/** A value as people and programs both read it. */
export const formatJson = (value: unknown): string => `${JSON.stringify(value, undefined, 2)}\n`;
