/** The setting by which a worker process loads modules of ours before its own: what spoils its clock or its event loop. */
export function preload(...modules: readonly URL[]): { readonly NODE_OPTIONS: string } {
  return { NODE_OPTIONS: modules.map(({ href }) => `--import=${href}`).join(" ") };
}

/** A wall clock that is off by so much, and runs `pace` times as fast as it should. */
export function wrongClock({ offByMs = 0, pace = 1 }: { offByMs?: number; pace?: number }): URL {
  const module = new URL("./wrong-clock.ts", import.meta.url);
  module.search = `offByMs=${offByMs}&pace=${pace}`;
  return module;
}

/** An event loop that stands still for so long, on average once a second. */
export function blockedLoop(forMs: number): URL {
  const module = new URL("./blocked-loop.ts", import.meta.url);
  module.search = `forMs=${forMs}`;
  return module;
}

/** A worker that dies of a body which holds the text "KILLER". */
export function killingMessage(): URL {
  return new URL("./killing-message.ts", import.meta.url);
}
