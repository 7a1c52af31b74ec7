import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 2_000;

/** A channel or a connection of amqplib. */
interface Closable {
  close(): Promise<void>;
  once(event: "close", listener: () => void): unknown;
}

/**
 * Closes a channel or connection and waits until the broker has agreed: what was sent before, acks above all, has
 * arrived then. Never rejects, and gives up after a while: amqplib's own promise stays open when the link is lost.
 */
export async function closeInTime(closable: Closable): Promise<void> {
  const gone = new Promise<void>((resolve) => closable.once("close", resolve));
  const patience = new AbortController();
  const closed = closable.close().catch(() => undefined); // closed already
  await Promise.race([closed, gone, sleep(PATIENCE_MS, undefined, { signal: patience.signal, ref: false })]);
  patience.abort();
}
