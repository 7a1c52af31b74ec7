/** "1,234,567" */
export const inGroups = (value: number): string => value.toLocaleString("en-US");
