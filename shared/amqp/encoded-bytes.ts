const DEEPEST = 32;
const LONGEST_NAME = 255;
/** amqplib writes a whole number up to 2^63 as an integer, and everything from there on as a double. */
const INT64_LIMIT = 2 ** 63;
/** From here on amqplib takes every number for a whole one, and fails where it is not. */
const FRACTION_LIMIT = 2 ** 50;

/**
 * How many bytes a received header value takes when it is written again; undefined for what amqplib can read but
 * not write (its table `{"!": …}` names a type, NaN has none, prototypes travel under the key `__proto__`).
 */
export function encodedBytes(value: unknown, depth = 0): number | undefined {
  if (depth > DEEPEST) return undefined;
  if (value === null) return 1;
  switch (typeof value) {
    case "boolean":
      return 2;
    case "number":
      return isWritable(value) ? 9 : undefined;
    case "string":
      return 5 + Buffer.byteLength(value);
    case "object":
      return bytesOfObject(value, depth);
    default:
      return undefined;
  }
}

function isWritable(value: number): boolean {
  if (value >= INT64_LIMIT || Math.abs(value) < FRACTION_LIMIT) return true;
  return Number.isInteger(value) && value >= -INT64_LIMIT;
}

function bytesOfObject(value: object, depth: number): number | undefined {
  if (Buffer.isBuffer(value)) return 5 + value.length;
  if (Array.isArray(value)) return sum(value.map((item) => encodedBytes(item, depth + 1)));
  if (Object.getPrototypeOf(value) !== Object.prototype) return undefined;
  if (Object.hasOwn(value, "!")) return isTypedValue(value) ? 9 : undefined;
  return sum(Object.entries(value).map(([name, item]) => bytesOfField(name, item, depth)));
}

function bytesOfField(name: string, value: unknown, depth: number): number | undefined {
  const nameBytes = Buffer.byteLength(name);
  const valueBytes = encodedBytes(value, depth + 1);
  return valueBytes === undefined || nameBytes > LONGEST_NAME ? undefined : 1 + nameBytes + valueBytes;
}

/** The two types that amqplib reads into `{"!": type, value}`. */
function isTypedValue(table: { "!"?: unknown; value?: unknown }): boolean {
  const { value } = table;
  if (table["!"] === "timestamp") return Number.isSafeInteger(value) && Number(value) >= 0;
  if (table["!"] !== "decimal" || typeof value !== "object" || value === null) return false;
  return (
    "places" in value && isUnsigned(value.places, 8) && "digits" in value && isUnsigned(value.digits, 32)
  );
}

const isUnsigned = (value: unknown, bits: number): boolean =>
  Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** bits;

function sum(sizes: readonly (number | undefined)[]): number | undefined {
  return sizes.reduce<number | undefined>(
    (total, size) => (total === undefined || size === undefined ? undefined : total + size),
    5,
  );
}
