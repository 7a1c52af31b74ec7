import type { ServerResponse } from "node:http";
import type { Reply } from "./reply.ts";

const DRIBBLE_EVERY_MS = 200;

/** Puts a reply on the wire, broken in the way it asks for. */
export function sendReply(reply: Reply, response: ServerResponse): void {
  switch (reply.kind) {
    case "reset":
      response.socket?.resetAndDestroy();
      return;
    case "silence":
      return;
    case "text":
      sendText(reply, response);
  }
}

function sendText(
  { status, headers, body, pace }: Extract<Reply, { kind: "text" }>,
  response: ServerResponse,
): void {
  const bytes = Buffer.from(body);
  response.writeHead(status, { ...headers, "content-length": bytes.length });
  if (pace === "whole") response.end(bytes);
  else if (pace === "dribble") dribble(bytes, response);
  else response.write(bytes.subarray(0, bytes.length / 2), () => response.destroy());
}

/** A byte at a time: each resets a time-out between bytes, and only a deadline for the whole call ends it. */
function dribble(bytes: Buffer, response: ServerResponse): void {
  let sent = 0;
  const timer = setInterval(() => {
    response.write(bytes.subarray(sent, sent + 1));
    sent += 1;
    if (sent === bytes.length) response.end();
  }, DRIBBLE_EVERY_MS);
  response.once("close", () => clearInterval(timer));
}
