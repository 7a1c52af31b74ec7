const SIGNALS: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM"];

/**
 * Aborts at the first SIGINT or SIGTERM, or at the first of other signals. A second one ends the process at once, as
 * if nobody listened.
 */
export function stopSignal(signals = SIGNALS): AbortSignal {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    for (const name of signals) process.off(name, onSignal);
    stop.abort(new Error(`stopped by ${signal}`));
  };
  for (const name of signals) process.on(name, onSignal);
  return stop.signal;
}
