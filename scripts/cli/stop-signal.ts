const SIGNALS = ["SIGINT", "SIGTERM"] as const;

/** Aborts at the first SIGINT or SIGTERM. A second one ends the process at once, as if nobody listened. */
export function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (signal: NodeJS.Signals): void => {
    for (const name of SIGNALS) process.off(name, onSignal);
    stop.abort(new Error(`stopped by ${signal}`));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return stop.signal;
}
