const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"];
/** Under npm one Ctrl-C comes twice: from the terminal, and from npm, which passes on what it got. */
const SAME_WITHIN_MS = 500;

/**
 * Aborts at the first SIGINT or SIGTERM, or at the first of other signals. A second one, half a second later or more,
 * ends the process at once, as if nobody listened.
 */
export function stopSignal(signals = SIGNALS): AbortSignal {
  const stop = new AbortController();
  const unlisten = (): void => {
    for (const name of signals) process.off(name, onSignal);
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stop.signal.aborted) return;
    stop.abort(new Error(`stopped by ${signal}`));
    setTimeout(unlisten, SAME_WITHIN_MS).unref();
  };
  for (const name of signals) process.on(name, onSignal);
  return stop.signal;
}
