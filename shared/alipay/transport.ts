import { Pool } from "undici";
import { Exchange, type PostOutcome } from "./exchange.ts";

interface TransportOptions {
  readonly gatewayUrl: URL;
  /** From the call of `post` (connecting included) to the answer's last byte. */
  readonly timeoutMs: number;
  /** Sockets at most; further calls wait for one. */
  readonly sockets: number;
}

interface Transport {
  /**
   * Posts a form once: no retry, no redirect. `mayDepart` is asked when a connected socket is about to be
   * written to, in the same tick: false takes the request back before a byte leaves.
   */
  post(form: string, mayDepart: () => boolean): Promise<PostOutcome>;
  /** Opens sockets without sending anything. Resolves when each is open or has failed. */
  warmUp(sockets: number): Promise<void>;
  /** Waits for the calls in flight, at most until the signal fires, then closes the sockets. Closing twice closes once. */
  close(deadline?: AbortSignal): Promise<void>;
}

const LARGEST_ANSWER_BYTES = 256 * 1024;
/**
 * Short enough to let go of an idle socket before most servers do: a POST into a closing socket is a call for
 * nothing.
 */
const KEEP_ALIVE_MS = 10_000;

const HEADERS = {
  "content-type": "application/x-www-form-urlencoded;charset=utf-8",
  accept: "application/json",
  "user-agent": "riskline",
};

const neverDepart = () => false;

/** Posts to one gateway over few, warm sockets, each call under one deadline. */
export function createTransport({ gatewayUrl, timeoutMs, sockets }: TransportOptions): Transport {
  const pool = new Pool(gatewayUrl.origin, {
    connections: sockets,
    pipelining: 1,
    // HTTP/2 would put all calls on one socket, where "about to be written" is not "leaves now".
    allowH2: false,
    connectTimeout: timeoutMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: LARGEST_ANSWER_BYTES,
    // The deadline below is the only one: these would measure silence, not the whole call.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  const path = gatewayUrl.pathname + gatewayUrl.search;
  let closing: Promise<void> | undefined;

  async function post(form: string, mayDepart: () => boolean): Promise<PostOutcome> {
    const exchange = new Exchange(mayDepart);
    const deadline = setTimeout(() => exchange.expire(), timeoutMs);
    pool.dispatch({ path, method: "POST", headers: HEADERS, body: form }, exchange);
    try {
      return await exchange.outcome;
    } finally {
      clearTimeout(deadline);
    }
  }

  return {
    post,
    async warmUp(count) {
      await Promise.all(Array.from({ length: Math.min(count, sockets) }, () => post("", neverDepart)));
    },
    close: (deadline) => (closing ??= closeInTime(pool, deadline)),
  };
}

async function closeInTime(pool: Pool, deadline?: AbortSignal): Promise<void> {
  if (deadline?.aborted === true) return pool.destroy();
  deadline?.addEventListener("abort", () => void pool.destroy(), { once: true });
  await pool.close();
}
