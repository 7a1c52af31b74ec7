import type { LedgerOverview } from "./ledger-overview.ts";

/** What a replica remembers is no older than this, give or take a round trip. */
const HEARTBEAT_MS = 1_000;

export interface HeartbeatOptions {
  readonly beat: () => Promise<LedgerOverview>;
  readonly onSeen: (overview: LedgerOverview) => void;
  readonly onTrouble: (error: unknown) => void;
}

/** Beats at once and then each second, one beat at a time. Gives the way to stop. */
export function startHeartbeat({ beat, onSeen, onTrouble }: HeartbeatOptions): () => void {
  let isBeating = false;
  const beatOnce = async (): Promise<void> => {
    if (isBeating) return;
    isBeating = true;
    await beat().then(onSeen, onTrouble);
    isBeating = false;
  };
  const timer = setInterval(() => void beatOnce(), HEARTBEAT_MS);
  timer.unref();
  void beatOnce();
  return () => clearInterval(timer);
}
