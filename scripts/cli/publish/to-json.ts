/**
 * The value as JSON.
 * @throws where JSON does not know it, and where it is or holds a promise, of which JSON would make `{}`
 */
export function toJson(value: unknown): string {
  let hasPromise = false;
  const json: unknown = JSON.stringify(value, (_, member: unknown) => {
    if (!isThenable(member)) return member;
    hasPromise = true;
    ignoreFailure(member);
    return undefined;
  });
  if (hasPromise) throw new Error("it gave a promise; mapRow must not be async");
  if (typeof json !== "string") throw new Error("it gave nothing that can be published");
  return json;
}

function isThenable(value: unknown): boolean {
  return typeof value === "object" && value !== null && "then" in value && typeof value.then === "function";
}

/** Nobody else hears of it, and a failure that nobody hears of ends the process. */
function ignoreFailure(promise: unknown): void {
  Promise.resolve(promise).catch(() => undefined);
}
