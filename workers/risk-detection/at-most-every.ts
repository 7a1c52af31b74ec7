/** Runs `say` when called, unless it ran less than `everyMs` ago: for what would be said again and again. */
export function atMostEvery(everyMs: number, say: () => void): () => void {
  let saidAtMs = -Infinity;
  return () => {
    const nowMs = performance.now();
    if (nowMs - saidAtMs < everyMs) return;
    saidAtMs = nowMs;
    say();
  };
}
