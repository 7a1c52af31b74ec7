// Loaded before a worker (see preload.ts): its time of day is wrong. Monotonic clock and timers are not touched.
const { searchParams } = new URL(import.meta.url);
const offByMs = Number(searchParams.get("offByMs"));
const pace = Number(searchParams.get("pace"));

const rightNow = Date.now;
const startedAtMs = rightNow();
const wrongNow = (): number => {
  const nowMs = rightNow();
  return Math.floor(nowMs + offByMs + (pace - 1) * (nowMs - startedAtMs));
};

Date.now = wrongNow;
globalThis.Date = new Proxy(Date, {
  construct(target, values: unknown[], newTarget): Date {
    const date: unknown = Reflect.construct(target, values.length === 0 ? [wrongNow()] : values, newTarget);
    if (date instanceof target) return date;
    throw new TypeError("not a date");
  },
});
