/** What an HTTP answer begins with. */
export interface AnswerHead {
  readonly status: number;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

/** A complete HTTP answer. */
export interface HttpAnswer extends AnswerHead {
  readonly body: Buffer;
}

/** A header's value; the first where it was sent more than once. */
export function headerOf({ headers }: AnswerHead, name: string): string | undefined {
  const value = headers[name];
  return typeof value === "string" ? value : value?.[0];
}

/** When it was given by the answerer's own clock, in milliseconds since the epoch; undefined without a usable `Date`. */
export function dateOf(head: AnswerHead): number | undefined {
  const dateMs = Date.parse(headerOf(head, "date") ?? "");
  return Number.isNaN(dateMs) ? undefined : dateMs;
}
