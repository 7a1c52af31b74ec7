import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { expect, it, onTestFinished } from "vitest";
import { answers } from "../../../scripts/services/answers.ts";
import { freePort } from "../../../scripts/services/free-port.ts";

/** Connection.Start as RabbitMQ begins it: method frame, channel 0, size, class 10, method 10. */
const CONNECTION_START = Buffer.from([1, 0, 0, 0, 0, 1, 0xf2, 0, 10, 0, 10, 0, 9]);
const WRONG_VERSION = Buffer.from("AMQP\u0000\u0000\u0009\u0000", "latin1");

it.each([
  { scheme: "redis", reply: Buffer.from("+PONG\r\n"), expected: true },
  { scheme: "redis", reply: Buffer.from("-NOAUTH Authentication required.\r\n"), expected: true },
  {
    scheme: "redis",
    reply: Buffer.from("-LOADING Redis is loading the dataset in memory\r\n"),
    expected: false,
  },
  { scheme: "redis", reply: Buffer.from("HTTP/1.1 400 Bad Request\r\n"), expected: false },
  { scheme: "amqp", reply: CONNECTION_START, expected: true },
  { scheme: "amqp", reply: WRONG_VERSION, expected: false },
  { scheme: "amqp", reply: Buffer.from("+PONG\r\n"), expected: false },
])("$scheme, $reply: $expected", async ({ scheme, reply, expected }) => {
  const port = await serve((socket) => socket.once("data", () => socket.end(reply)));
  expect(await answers(`${scheme}://127.0.0.1:${port}`, 5_000)).toBe(expected);
});

it("puts a reply together that comes in pieces", async () => {
  const port = await serve((socket) => {
    socket.once("data", () => {
      socket.setNoDelay(true);
      socket.write(CONNECTION_START.subarray(0, 4), () => socket.write(CONNECTION_START.subarray(4)));
    });
  });
  expect(await answers(`amqp://127.0.0.1:${port}`, 5_000)).toBe(true);
});

it("does not wait for ever for a server that is silent", async () => {
  const port = await serve(() => undefined);
  expect(await answers(`redis://127.0.0.1:${port}`, 50)).toBe(false);
});

it("takes nobody for an answer of no", async () => {
  expect(await answers(`redis://127.0.0.1:${await freePort()}`, 5_000)).toBe(false);
});

it("refuses an address of something else", async () => {
  await expect(answers("http://127.0.0.1", 5_000)).rejects.toThrow("http: is not an address");
});

async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const port = await freePort();
  const server: Server = createServer((socket) => {
    socket.on("error", () => undefined); // the one who asked may be gone
    onConnection(socket);
  });
  await once(server.listen(port, "127.0.0.1"), "listening");
  onTestFinished(() => void server.close());
  return port;
}
