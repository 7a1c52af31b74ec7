/** Runs `say` when called, unless it ran less than `everyMs` ago: for what would be said again and again. */
export function atMostEvery<Args extends unknown[]>(
  everyMs: number,
  say: (...args: Args) => void,
): (...args: Args) => void {
  let saidAtMs = -Infinity;
  return (...args) => {
    const nowMs = performance.now();
    if (nowMs - saidAtMs < everyMs) return;
    saidAtMs = nowMs;
    say(...args);
  };
}
