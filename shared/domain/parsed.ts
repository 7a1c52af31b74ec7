/** What parsing gives: a value, or one line a person understands that names the field and the rule. */
export type Parsed<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problem: string };

export const parsed = <T>(value: T): Parsed<T> => ({ ok: true, value });

export const refused = (problem: string): Parsed<never> => ({ ok: false, problem });
