/** What was found, or why it was not. */
export type Attempt<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: unknown };

/** For what can be shown without the rest. */
export async function attempt<T>(find: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { ok: true, value: await find() };
  } catch (error) {
    return { ok: false, error };
  }
}
