import { parsed, refused, type Parsed } from "../../shared/domain/parsed.ts";
import { profile, type Arrivals, type Spell } from "./arrivals.ts";
import { parseDuration } from "./parse-duration.ts";

const ITEM =
  /^\s*(\d{1,12})\s*\/\s*(\d*\s*[a-z]+)\s*(?:@\s*(\d{1,2}(?:\.\d{1,4})?)\s*-\s*(\d{1,2}(?:\.\d{1,4})?))?\s*$/;
const HOURS_OF_A_DAY = 24;

/**
 * Reads `count/time`, such as `50000/1h`, or several of them with the hours of the day in which they hold:
 * `20000/1h@0-8,120000/1h@8-22`. Nothing comes in hours that are not named.
 */
export function parseArrivals(text: string): Parsed<Arrivals> {
  const spells: Spell[] = [];
  for (const item of text.split(",")) {
    const spell = parseSpell(item);
    if (!spell.ok) return spell;
    spells.push(spell.value);
  }
  spells.sort((a, b) => a.fromHour - b.fromHour);
  const overlapping = spells.find((spell, place) => spell.fromHour < (spells[place - 1]?.toHour ?? 0));
  if (overlapping !== undefined) {
    return refused(`"${text}": the hours from ${overlapping.fromHour} on are given twice`);
  }
  if (spells.every(({ count }) => count === 0)) return refused(`"${text}": nothing ever comes`);
  return parsed(
    profile(
      text,
      spells.filter(({ count }) => count > 0),
    ),
  );
}

function parseSpell(item: string): Parsed<Spell> {
  const [, count, length, from = "0", to = String(HOURS_OF_A_DAY)] = ITEM.exec(item) ?? [];
  const perMs = parseDuration(length?.replace(/^\s*(?=[a-z])/, "1") ?? "");
  if (count === undefined || !perMs.ok || perMs.value === 0) {
    return refused(`"${item.trim()}" is not count/time, such as 50000/1h or 120000/1h@8-22`);
  }
  const [fromHour, toHour] = [Number(from), Number(to)];
  if (fromHour >= toHour || toHour > HOURS_OF_A_DAY) {
    return refused(`"${item.trim()}": hours go up, from 0 to 24, such as @8-22`);
  }
  return parsed({ count: Number(count), perMs: perMs.value, fromHour, toHour });
}
