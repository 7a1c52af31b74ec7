import { parsed, refused, type Parsed } from "../../shared/domain/parsed.ts";

/** Reads a share such as `1%`, `0.5%` or `0.01`, to a number from 0 to 1. */
export function parseShare(text: string): Parsed<number> {
  const [, number, percent] = /^\s*(\d{1,3}(?:\.\d{1,6})?)\s*(%)?\s*$/.exec(text) ?? [];
  const share = Number(number) / (percent === undefined ? 1 : 100);
  return share <= 1 ? parsed(share) : refused(`"${text}" is not a share, such as 1% or 0.01`);
}
