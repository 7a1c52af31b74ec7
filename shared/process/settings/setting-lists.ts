import { parseLimit } from "../../domain/money.ts";
import { parsed, refused, type Parsed } from "../../domain/parsed.ts";
import { ruled, type SettingValue } from "./setting-values.ts";

/** Names with their values, in the order in which they were written. */
type Entries<T> = readonly (readonly [name: string, value: T])[];

/** `SCORE_ABOVE` is the one of CNY. */
const WITH_A_SETTING_OF_ITS_OWN = "CNY";

/** Limits of amounts by currency, each with that currency's decimals, in its smallest unit. */
export const limitsByCurrency: SettingValue<Entries<number>> = {
  rule: "`currency:amount`, comma-separated, such as `USD:10.00,JPY:1500`",
  parse: (text) =>
    parseEntries(text, (currency, amount) => {
      if (currency === WITH_A_SETTING_OF_ITS_OWN) return refused("CNY has SCORE_ABOVE");
      return /^[A-Z]{3}$/.test(currency)
        ? parseLimit(amount, currency)
        : refused("must begin with an ISO 4217 code in upper case");
    }),
};

/** Limits of amounts in CNY by merchant category, in fen. */
export const limitsByCategory: SettingValue<Entries<number>> = {
  rule: "`category:amount`, comma-separated, such as `5411:200,7995:0`",
  parse: (text) =>
    parseEntries(text, (category, amount) =>
      /^[0-9]{4}$/.test(category)
        ? parseLimit(amount, "CNY")
        : refused("must begin with a merchant category code of four digits"),
    ),
};

/** Some of a few words, each once. */
export const wordList = <const Word extends string>(
  ...words: readonly Word[]
): SettingValue<readonly Word[]> =>
  ruled(`some of ${words.map((word) => `\`${word}\``).join(", ")}, comma-separated`, (text) => {
    const written = text.split(",").map((word) => word.trim());
    const known = words.filter((word) => written.includes(word));
    return known.length === written.length ? known : undefined;
  });

/** Reads `name:value` items. A name that is there twice is a mistake, whatever its values are. */
function parseEntries<T>(
  text: string,
  parseValue: (name: string, value: string) => Parsed<T>,
): Parsed<Entries<T>> {
  const entries = new Map<string, T>();
  for (const item of text.split(",").map((part) => part.trim())) {
    const [, name = "", value = ""] = /^([^:\s]+)\s*:\s*([^:\s]+)$/.exec(item) ?? [];
    if (name === "") return refused(`"${item}" is not name:amount`);
    if (entries.has(name)) return refused(`"${item}": ${name} is there twice`);
    const read = parseValue(name, value);
    if (!read.ok) return refused(`"${item}": ${read.problem}`);
    entries.set(name, read.value);
  }
  return parsed([...entries]);
}
