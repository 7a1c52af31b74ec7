import type { IncomingMessage } from "node:http";

/** Reads a body of at most `mostBytes`; tells how it failed where it was larger or broke off. */
export function readBody(
  request: IncomingMessage,
  mostBytes: number,
): Promise<Buffer | "too large" | "aborted"> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on("data", (chunk: Buffer) => {
      bytes += chunk.length;
      // The rest is read and dropped: a caller that is still sending would not see the answer.
      if (bytes > mostBytes) resolve("too large");
      else chunks.push(chunk);
    });
    request.once("end", () => resolve(Buffer.concat(chunks)));
    // Also emitted after "end", when the promise is settled already.
    request.once("close", () => resolve("aborted"));
  });
}
