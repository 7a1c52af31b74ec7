import { boundedLine } from "./bounded-line.ts";

/** What may be told about an error: no stack, no cause, none of the properties that drivers hang on it. */
export interface ErrorFields {
  readonly name: string;
  readonly code: string | undefined;
  readonly message: string;
}

/** Describes whatever was thrown, without what it may quote of keys, bodies or connection addresses. */
export function errorFields(error: unknown): ErrorFields {
  if (!(error instanceof Error)) return { name: typeof error, code: undefined, message: "" };
  return { name: boundedLine(error.name), code: codeOf(error), message: messageOf(error) };
}

function codeOf(error: Error): string | undefined {
  if (!("code" in error)) return undefined;
  const { code } = error;
  return typeof code === "string" || typeof code === "number" ? boundedLine(String(code)) : undefined;
}

function messageOf({ name, message }: Error): string {
  // V8 quotes the text that JSON.parse refused: it may be a transaction.
  if (name === "SyntaxError") return "";
  // Redis quotes the arguments of a command that it does not know.
  return boundedLine(message.replace(/,? with args beginning with:.*/s, ""));
}
