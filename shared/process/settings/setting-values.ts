import { parseQuota, type Quota } from "../../domain/quota.ts";
import { parsed, refused, type Parsed } from "../../domain/parsed.ts";

/** What the text of a setting may be: the rule in words, and the parser that keeps to it. */
export interface SettingValue<T> {
  /** Completes "must be …". */
  readonly rule: string;
  /** Its problem never quotes a secret. */
  readonly parse: (text: string) => Parsed<T>;
}

/** Where the worker's HTTP endpoint listens; 0 is any free port. A port that was not set may move to the next free one. */
export type HttpPort = "off" | { readonly port: number; readonly isExplicit: boolean };

/** A value whose only problem is that its rule is broken: `read` then gives undefined. */
export function ruled<T>(rule: string, read: (text: string) => T | undefined): SettingValue<T> {
  const parse = (text: string): Parsed<T> => {
    const value = read(text);
    return value === undefined ? refused(`must be ${rule}`) : parsed(value);
  };
  return { rule, parse };
}

/** Plain digits, both bounds included. */
export const wholeNumber = (least: number, most: number): SettingValue<number> =>
  ruled(`a whole number from ${least} to ${most}`, (text) => numberWithin(/^\d{1,15}$/, text, least, most));

const DECIMAL = /^\d{1,15}(?:\.\d{1,15})?$/;

/** Plain digits with or without a fraction, both bounds included. */
export const decimalNumber = (least: number, most: number): SettingValue<number> =>
  ruled(`a number from ${least} to ${most}`, (text) => numberWithin(DECIMAL, text, least, most));

/** Hours, in whole milliseconds. */
export const hours = (least: number, most: number): SettingValue<number> =>
  ruled(`a number from ${least} to ${most}`, (text) => {
    const count = numberWithin(DECIMAL, text, least, most);
    return count === undefined ? undefined : Math.round(count * 3_600_000);
  });

function numberWithin(format: RegExp, text: string, least: number, most: number): number | undefined {
  const value = Number(text);
  return format.test(text) && value >= least && value <= most ? value : undefined;
}

/** An amount in yuan as an exact integer: with 2 decimals in fen, with 4 in ten-thousandths of a yuan. */
export function yuan(decimals: number, most: number): SettingValue<number> {
  const format = new RegExp(String.raw`^(\d{1,9})(?:\.(\d{1,${decimals}}))?$`);
  return ruled(`an amount in CNY from 0 to ${most} with at most ${decimals} decimals`, (text) => {
    const [, whole, fraction = ""] = format.exec(text) ?? [];
    if (whole === undefined) return undefined;
    const units = Number(whole + fraction.padEnd(decimals, "0"));
    return units <= most * 10 ** decimals ? units : undefined;
  });
}

/** One of a few words. */
export const oneOf = <const Word extends string>(...words: readonly Word[]): SettingValue<Word> =>
  ruled(`one of ${words.map((word) => `\`${word}\``).join(", ")}`, (text) =>
    words.find((word) => word === text),
  );

/** `on` or `off`, as a boolean. */
export const onOrOff: SettingValue<boolean> = ruled("`on` or `off`", (text) => {
  if (text === "on") return true;
  return text === "off" ? false : undefined;
});

/** Text of a certain form. */
export const textLike = (rule: string, format: RegExp): SettingValue<string> =>
  ruled(rule, (text) => (format.test(text) ? text : undefined));

/** Text of a certain length whose form is somebody else's to check. */
export const textOfLength = (least: number, most: number): SettingValue<string> =>
  ruled(`a text of ${least} to ${most} characters`, (text) =>
    text.length >= least && text.length <= most ? text : undefined,
  );

/** Codes of the gateway; at most 64 characters each, as its codes are kept. */
export const codeList: SettingValue<readonly string[]> = ruled(
  "codes or sub-codes, comma-separated, such as `40003,isv.ip-forbidden`",
  (text) => {
    const codes = text.split(",").map((code) => code.trim());
    return codes.every((code) => /^[\w.-]{1,64}$/.test(code)) ? codes : undefined;
  },
);

/** The prefix of every broker and Redis name; RabbitMQ keeps `amq.` for itself. */
export const namespaceName: SettingValue<string> = textLike(
  "1 to 64 letters, digits, `.`, `_` or `-`, and not begin with `amq.`",
  /^(?!amq(?:\.|$))[\w.-]{1,64}$/,
);

/** A broker's address; the path is the virtual host. */
export const amqpUrl: SettingValue<string> = ruled(
  "a URL such as `amqp://host:5672` or `amqps://host`",
  (text) => (parseUrl(text, ["amqp:", "amqps:"]) === undefined ? undefined : text.trim()),
);

/** A Redis server's address; the path is the number of the database. */
export const redisUrl: SettingValue<string> = ruled(
  "a URL such as `redis://host:6379` or `rediss://host`",
  (text) => {
    const url = parseUrl(text, ["redis:", "rediss:"]);
    return url !== undefined && /^(?:\/\d{0,4})?$/.test(url.pathname) ? text.trim() : undefined;
  },
);

/** The gateway's address in its normal spelling, since the quota ledger is kept by it. */
export const gatewayUrl: SettingValue<string> = ruled(
  "an `https:` or `http:` URL without user, password and fragment",
  (text) => {
    const url = parseUrl(text, ["https:", "http:"]);
    return url === undefined || url.username + url.password + url.hash !== "" ? undefined : url.href;
  },
);

function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  const url = URL.parse(text);
  if (url === null || url.hostname === "" || !protocols.includes(url.protocol)) return undefined;
  return [url.username, url.password, url.pathname].every(isDecodable) ? url : undefined;
}

/** Drivers decode these parts, and throw where a `%` begins nothing. */
function isDecodable(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}

/** Windows such as `20/1s,50000/1h`. */
export const quota: SettingValue<Quota> = {
  rule: "`calls/window`, comma-separated, windows in s, m, h, d",
  parse: parseQuota,
};

const portNumber = wholeNumber(0, 65_535);

/** A port that was set: a number, 0 for any free one, or `off`. */
export const httpPort: SettingValue<HttpPort> = ruled("`off` or a port from 0 to 65535", (text) => {
  if (text === "off") return text;
  const port = portNumber.parse(text);
  return port.ok ? { port: port.value, isExplicit: true } : undefined;
});
