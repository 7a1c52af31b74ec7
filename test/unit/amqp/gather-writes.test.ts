import { once } from "node:events";
import { Writable } from "node:stream";
import { expect, it } from "vitest";
import { gatherWrites } from "../../../shared/amqp/gather-writes.ts";

/** A stream that tells what was written at once. */
function recordingStream() {
  const writes: string[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      writes.push(chunk.toString());
      done();
    },
    writev(chunks, done) {
      writes.push(chunks.map(({ chunk }) => String(chunk)).join("+"));
      done();
    },
  });
  return { stream, writes };
}

it("writes the frames of one turn together, in their order, before the next turn", async () => {
  const { stream, writes } = recordingStream();
  gatherWrites({ stream });
  for (const frame of ["a", "b", "c"]) stream.write(Buffer.from(frame));
  expect(writes).toEqual([]);
  await new Promise(setImmediate);
  expect(writes).toEqual(["a+b+c"]);
  stream.write(Buffer.from("d"));
  await new Promise(setImmediate);
  expect(writes).toEqual(["a+b+c", "d"]);
});

it("loses nothing of what was written right before the end", async () => {
  const { stream, writes } = recordingStream();
  gatherWrites({ stream });
  stream.write(Buffer.from("a"));
  stream.end();
  await once(stream, "finish");
  expect(writes).toEqual(["a"]);
});

it("leaves a connection alone that has no stream to write to", () => {
  expect(() => gatherWrites({})).not.toThrow();
});
