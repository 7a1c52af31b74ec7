// Loaded before a worker (see preload.ts): its event loop stands still now and then, as in a long garbage collection.
const BETWEEN_MS = 1_000;

const forMs = Number(new URL(import.meta.url).searchParams.get("forMs"));
const never = new Int32Array(new SharedArrayBuffer(4));

function blockLater(): void {
  // Exponential, so that no rhythm of ours meets one of the worker's.
  const inMs = -Math.log(1 - Math.random()) * BETWEEN_MS;
  setTimeout(() => {
    Atomics.wait(never, 0, 0, forMs);
    blockLater();
  }, inMs).unref();
}

blockLater();
