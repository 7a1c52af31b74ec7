import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";

interface Greeting {
  readonly port: number;
  readonly tls: boolean;
  readonly send: Buffer;
  readonly expect: (reply: Buffer) => boolean;
}

/** AMQP 0-9-1: the protocol header is answered with the method frame Connection.Start (class 10, method 10). */
const AMQP = {
  send: Buffer.from("AMQP\u0000\u0000\u0009\u0001", "latin1"),
  expect: (reply: Buffer) => reply.length >= 11 && reply[0] === 1 && reply.readUInt32BE(7) === 0x000a_000a,
};

/** A server that wants a password first is up as well; one that is still loading its data is not. */
const REDIS = {
  send: Buffer.from("PING\r\n"),
  expect: (reply: Buffer) => /^(\+PONG|-NOAUTH)/.test(reply.toString("latin1")),
};

const GREETINGS: Readonly<Record<string, Greeting>> = {
  "amqp:": { ...AMQP, port: 5672, tls: false },
  "amqps:": { ...AMQP, port: 5671, tls: true },
  "redis:": { ...REDIS, port: 6379, tls: false },
  "rediss:": { ...REDIS, port: 6379, tls: true },
};

/** Whether a RabbitMQ or Redis speaks its protocol at this address; asked without a driver. */
export async function answers(url: string, withinMs: number): Promise<boolean> {
  const { protocol, hostname, port } = new URL(url);
  const greeting = GREETINGS[protocol];
  if (greeting === undefined) throw new Error(`${protocol} is not an address of RabbitMQ or Redis`);
  const address = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || greeting.port) };
  // Whose certificate it is matters to those who send something; this only asks whether anyone is there.
  const socket = greeting.tls ? connectTls({ ...address, rejectUnauthorized: false }) : connectPlain(address);
  try {
    return await replyMatches(socket, greeting, withinMs);
  } finally {
    socket.destroy();
  }
}

function replyMatches(socket: Socket, greeting: Greeting, withinMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    let reply = Buffer.alloc(0);
    socket.setTimeout(withinMs, () => resolve(false));
    socket.on("error", () => resolve(false));
    socket.on("close", () => resolve(false));
    socket.on("data", (chunk: Buffer) => {
      reply = Buffer.concat([reply, chunk]);
      if (greeting.expect(reply)) resolve(true);
    });
    socket.write(greeting.send);
  });
}
