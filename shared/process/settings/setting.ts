import type { SettingValue } from "./setting-values.ts";

/** One variable of the environment. */
export interface Setting<T> {
  readonly name: string;
  readonly value: SettingValue<T>;
  readonly unset: Unset<T>;
  /** One line, for the README. */
  readonly meaning: string;
  /** Never shown, and may come from the file that `NAME_FILE` names. */
  readonly isSecret: boolean;
}

/** What it means that a variable is not set. */
type Unset<T> =
  | { readonly kind: "required" }
  /** Read as if it had been set. */
  | { readonly kind: "default"; readonly text: string }
  /** `text` is for people only. */
  | { readonly kind: "computed"; readonly text: string; readonly value: () => T };

/** Without it the section cannot be read. */
export function required<T>(name: string, value: SettingValue<T>, meaning: string): Setting<T> {
  return { name, value, unset: { kind: "required" }, meaning, isSecret: false };
}

/** Read as `text` where it is not set. */
export function withDefault<T>(
  name: string,
  text: string,
  value: SettingValue<T>,
  meaning: string,
): Setting<T> {
  return { name, value, unset: { kind: "default", text }, meaning, isSecret: false };
}

/** Found out where it is not set; `text` tells people how. */
export function computed<T, Absent>(
  name: string,
  text: string,
  absent: () => Absent,
  value: SettingValue<T>,
  meaning: string,
): Setting<T | Absent> {
  return { name, value, unset: { kind: "computed", text, value: absent }, meaning, isSecret: false };
}

/** Marks a setting as one that is never shown, and may come from a file. */
export const secret = <T>(setting: Setting<T>): Setting<T> => ({ ...setting, isSecret: true });

/** The variable that names the file of a secret. */
export const fileVariable = (setting: Setting<unknown>): string => `${setting.name}_FILE`;
