import { fileVariable } from "./setting.ts";
import { ALL_SETTINGS } from "./settings.ts";
import type { Environment } from "./environment.ts";

const KNOWN: readonly string[] = ALL_SETTINGS.flatMap((setting) =>
  setting.isSecret ? [setting.name, fileVariable(setting)] : [setting.name],
);

/** A warning for each variable that is none of ours but looks like one, such as `ALIPAY_TIMEOUT`. */
export function likelyTypos(source: Environment): string[] {
  return Object.keys(source).flatMap((name) => {
    if (KNOWN.includes(name)) return [];
    const meant = KNOWN.find((known) => isNearMiss(name.toUpperCase(), known));
    return meant === undefined ? [] : [`${name}: not a setting; ${meant} was meant?`];
  });
}

function isNearMiss(name: string, known: string): boolean {
  const isCutShort = name.includes("_") && known.startsWith(`${name}_`);
  return isCutShort || distance(name, known) <= (known.length < 10 ? 1 : 2);
}

/** How many letters must be added, left out, changed or swapped with their neighbour (optimal string alignment). */
function distance(a: string, b: string): number {
  let [beforeLast, last]: [number[], number[]] = [[], Array.from({ length: b.length + 1 }, (_, j) => j)];
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = at(last, j - 1) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = isSwapped ? at(beforeLast, j - 2) + 1 : Infinity;
      row.push(Math.min(at(row, j - 1) + 1, at(last, j) + 1, changed, swapped));
    }
    [beforeLast, last] = [last, row];
  }
  return at(last, b.length);
}

const at = (row: readonly number[], index: number): number => row[index] ?? Infinity;
