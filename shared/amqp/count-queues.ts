import type { BrokerConnection } from "./connection.ts";
import { inspectQueues, type QueueCounts } from "./inspect-queues.ts";

export interface CountQueuesOptions {
  /** One that the broker never blocks: a consumer's. */
  readonly connection: BrokerConnection;
  readonly queues: readonly string[];
  readonly everyMs: number;
  /** None where the broker could not be asked. */
  readonly onCounted: (queues: readonly QueueCounts[]) => void;
}

/** Counts at once and then again and again, one count at a time. Gives the way to stop. */
export function countQueues({ connection, queues, everyMs, onCounted }: CountQueuesOptions): () => void {
  const stopping = new AbortController();
  let isCounting = false;
  const countOnce = async (): Promise<void> => {
    if (isCounting) return;
    isCounting = true;
    try {
      const signal = AbortSignal.any([stopping.signal, AbortSignal.timeout(everyMs)]);
      onCounted(await inspectQueues(await connection.open(signal), queues));
    } catch {
      onCounted([]); // the connection's own log says why
    } finally {
      isCounting = false;
    }
  };
  const timer = setInterval(() => void countOnce(), everyMs);
  timer.unref();
  void countOnce();
  return () => {
    clearInterval(timer);
    stopping.abort();
  };
}
