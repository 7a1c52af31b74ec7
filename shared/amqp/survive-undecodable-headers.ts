const HEADER_FRAME = 2;
const CHANNEL_OFFSET = 1;
const PAYLOAD_OFFSET = 7;
const BODY_SIZE_OFFSET = PAYLOAD_OFFSET + 4;

/** What amqplib's connection has inside: the bytes not read yet, and what reads the next frame of them. */
interface FrameReader {
  rest: Buffer;
  recvFrame(): unknown;
}

/**
 * Lets a message whose headers amqplib cannot decode come in without any, instead of closing the connection. The
 * decoder recurses: a few thousand nested tables (24 KB; the broker takes 128) overflow its stack, and the message
 * would come back to end the next connection, of every replica, for ever.
 *
 * Reaches into amqplib 2.3.1, which has no hook for it; an integration test fails where an update moves this.
 */
export function surviveUndecodableHeaders(connection: object): void {
  if (!isFrameReader(connection)) return;
  const receive = connection.recvFrame.bind(connection);
  connection.recvFrame = () => {
    const unread = connection.rest;
    try {
      return receive();
    } catch (error) {
      if (unread[0] !== HEADER_FRAME) throw error;
      return headersLeftOut(unread);
    }
  };
}

/** The frame as amqplib's decoder would give it for a message without properties. */
function headersLeftOut(frame: Buffer): object {
  return {
    id: frame.readUInt16BE(PAYLOAD_OFFSET),
    channel: frame.readUInt16BE(CHANNEL_OFFSET),
    size: Number(frame.readBigUInt64BE(BODY_SIZE_OFFSET)),
    fields: { headers: {} },
  };
}

function isFrameReader(connection: object): connection is FrameReader {
  if (!("rest" in connection && "recvFrame" in connection)) return false;
  return Buffer.isBuffer(connection.rest) && typeof connection.recvFrame === "function";
}
