import { Writable } from "node:stream";

/**
 * Lets the frames of one turn of the event loop leave together: amqplib writes each for itself, and a write of its own
 * costs more, here and at the broker, than all the rest of a frame. They leave in the same turn, so none waits for another.
 *
 * Reaches into amqplib 2.3.1, which has no hook for it; an integration test fails where an update moves this.
 */
export function gatherWrites(connection: object): void {
  const stream = "stream" in connection ? connection.stream : undefined;
  if (!(stream instanceof Writable)) return;
  const write = stream.write.bind(stream);
  stream.write = (frame: Uint8Array) => {
    if (stream.writableCorked === 0) {
      stream.cork();
      process.nextTick(() => stream.uncork());
    }
    return write(frame);
  };
}
