import { InvalidArgumentError } from "commander";

/** A flag that takes a whole number, both bounds included. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return numberFlag(/^\d{1,15}$/, "a whole number", least, most);
}

/** A flag that takes a number with or without a fraction, both bounds included. */
export function decimalNumber(least: number, most: number): (text: string) => number {
  return numberFlag(/^\d{1,15}(?:\.\d{1,15})?$/, "a number", least, most);
}

function numberFlag(format: RegExp, what: string, least: number, most: number): (text: string) => number {
  return (text) => {
    const value = format.test(text) ? Number(text) : NaN;
    if (value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Wanted: ${what} from ${least} to ${most}.`);
  };
}
