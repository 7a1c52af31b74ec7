import { connect as connectSocket, type ChannelModel } from "amqplib";
import { abortable } from "./abortable.ts";
import { closeInTime } from "./close-in-time.ts";
import { ConnectError, explainConnectError } from "./connect-error.ts";
import { gatherWrites } from "./gather-writes.ts";
import { keepOpen } from "./keep-open.ts";
import { surviveUndecodableHeaders } from "./survive-undecodable-headers.ts";
import { TopologyMismatchError } from "./topology-mismatch-error.ts";

/** Seconds; the server's default of 60 finds a dead link after two to three minutes. */
const HEARTBEAT_S = "10";
const CONNECT_TIMEOUT_MS = 5_000;

/** What happens to a connection, for the log. */
export type ConnectionEvent =
  | { readonly kind: "connected"; readonly connection: string; readonly broker: string }
  | {
      readonly kind: "disconnected";
      readonly connection: string;
      readonly problem: string;
      readonly retryInMs: number;
    }
  /** The broker takes no messages for now: out of memory or disk. */
  | { readonly kind: "blocked"; readonly connection: string; readonly reason: string }
  | { readonly kind: "unblocked"; readonly connection: string };

export interface ConnectOptions {
  /** Shown in the broker's list of connections. */
  readonly name: string;
  readonly onEvent?: (event: ConnectionEvent) => void;
  /** Runs on every new connection before anybody gets it; declares the topology. */
  readonly prepare?: (model: ChannelModel) => Promise<void>;
  /** Attempts at the first connection; without a number it is tried for ever. */
  readonly firstAttempts?: number;
  /** Ends the waiting for the first connection. */
  readonly signal?: AbortSignal;
}

/** An open connection, and the promise that is rejected when it is lost. */
interface Link {
  readonly model: ChannelModel;
  readonly lost: Promise<never>;
}

/** A connection that comes back by itself. */
export interface BrokerConnection {
  /** The open connection, waiting for it where there is none; rejects once this is closed or the signal fires. */
  open(signal: AbortSignal): Promise<ChannelModel>;
  /** Whether the broker takes no messages for now. */
  isBlocked(): boolean;
  /** Prepares the open connection once more; without one nothing is to do, for the next is prepared anyway. */
  prepareAgain(): Promise<void>;
  /** Close the channels before. Closing twice closes once; never rejects. */
  close(): Promise<void>;
}

/**
 * Connects, and connects again whenever the link is lost. Resolves with the first open connection. Rejects with
 * a ConnectError or a TopologyMismatchError where no repetition could help, or when the first attempts are used up.
 */
export async function connect(url: string, options: ConnectOptions): Promise<BrokerConnection> {
  const connection = new SupervisedConnection(parseUrl(url), options);
  const { signal } = options;
  try {
    await Promise.race([connection.ended, signal ? connection.open(signal) : connection.open(NEVER)]);
  } catch (error) {
    await connection.close();
    throw error;
  }
  return connection;
}

const NEVER = new AbortController().signal;

function parseUrl(text: string): URL {
  // URL's own error carries the text, and with it the password.
  if (!URL.canParse(text)) throw new ConnectError("AMQP_URL is not a URL", true);
  const url = new URL(text);
  if (!url.searchParams.has("heartbeat")) url.searchParams.set("heartbeat", HEARTBEAT_S);
  return url;
}

class SupervisedConnection implements BrokerConnection {
  readonly #url: URL;
  readonly #options: ConnectOptions;
  readonly #closing = new AbortController();
  readonly #closeWanted = Promise.withResolvers<void>();
  /** The open connection, or the promise of the next one. */
  #opened = promisedModel();
  #link: Link | undefined;
  #wasOpen = false;
  #isBlocked = false;
  /** Rejects when trying is given up; resolves when closed. */
  readonly ended: Promise<void>;

  constructor(url: URL, options: ConnectOptions) {
    this.#url = url;
    this.#options = options;
    this.ended = keepOpen(() => this.#session(), {
      signal: this.#closing.signal,
      isFinal: (error, failures) => !this.#wasOpen && isFinal(error, failures, options.firstAttempts),
      onEnded: (error, retryInMs) =>
        this.#report({ kind: "disconnected", connection: options.name, problem: error.message, retryInMs }),
    });
    this.ended.catch(() => undefined); // `connect` throws it
  }

  open(signal: AbortSignal): Promise<ChannelModel> {
    return abortable(this.#opened.promise, signal);
  }

  isBlocked(): boolean {
    return this.#isBlocked;
  }

  async prepareAgain(): Promise<void> {
    if (this.#link !== undefined) await this.#prepare(this.#link);
  }

  async close(): Promise<void> {
    if (!this.#closing.signal.aborted) {
      this.#closing.abort();
      this.#closeWanted.resolve();
      this.#opened.reject(this.#closed());
      this.#withdraw();
    }
    await this.ended.catch(() => undefined);
  }

  /** One connection, from the socket to its loss. */
  async #session(): Promise<void> {
    const socket = new AbortController();
    try {
      const model = await this.#connectSocket(socket);
      surviveUndecodableHeaders(model.connection);
      gatherWrites(model.connection);
      const link = { model, lost: whenLost(model) };
      this.#followBlocking(model);
      await this.#prepare(link);
      await this.#offer(link);
      await closeInTime(model);
    } finally {
      this.#isBlocked = false;
      socket.abort(); // a dead link's socket would stay until TCP gives up
    }
  }

  /** A link lost meanwhile fails it: what was asked of a dead link may never be answered. */
  async #prepare({ model, lost }: Link): Promise<void> {
    const prepared = this.#options.prepare?.(model) ?? Promise.resolve();
    await Promise.race([prepared, lost, this.#closeWanted.promise]);
  }

  /** A close meanwhile tears the socket down; an open connection is closed with the protocol's farewell instead. */
  async #connectSocket(socket: AbortController): Promise<ChannelModel> {
    const tearDown = (): void => socket.abort();
    this.#closing.signal.addEventListener("abort", tearDown, { once: true });
    try {
      return await connectSocket(this.#url.href, socketOptions(this.#options.name, socket.signal));
    } catch (error) {
      throw explainConnectError(error, this.#url);
    } finally {
      this.#closing.signal.removeEventListener("abort", tearDown);
    }
  }

  /** Gives the connection to whoever wants one, until it is lost or no longer wanted. */
  async #offer(link: Link): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#wasOpen = true;
    this.#link = link;
    this.#opened.resolve(link.model);
    const { product, version } = link.model.connection.serverProperties;
    this.#report({ kind: "connected", connection: this.#options.name, broker: `${product} ${version}` });
    try {
      await Promise.race([link.lost, this.#closeWanted.promise]);
    } finally {
      this.#withdraw();
    }
  }

  /** From here on `open` waits for the next connection, or hears that there is none. */
  #withdraw(): void {
    this.#link = undefined;
    this.#opened = promisedModel();
    if (this.#closing.signal.aborted) this.#opened.reject(this.#closed());
  }

  #closed(): Error {
    return new Error(`the connection "${this.#options.name}" is closed`);
  }

  #followBlocking(model: ChannelModel): void {
    model.on("blocked", (reason) => {
      this.#isBlocked = true;
      this.#report({ kind: "blocked", connection: this.#options.name, reason });
    });
    model.on("unblocked", () => {
      this.#isBlocked = false;
      this.#report({ kind: "unblocked", connection: this.#options.name });
    });
  }

  #report(event: ConnectionEvent): void {
    this.#options.onEvent?.(event);
  }
}

function isFinal(error: Error, failures: number, firstAttempts = Infinity): boolean {
  if (failures >= firstAttempts || error instanceof TopologyMismatchError) return true;
  return error instanceof ConnectError && error.isFinal;
}

/** Nobody may be waiting for it when it is rejected. */
function promisedModel(): PromiseWithResolvers<ChannelModel> {
  const promised = Promise.withResolvers<ChannelModel>();
  promised.promise.catch(() => undefined);
  return promised;
}

/** Rejects when the connection is gone, with the error that came before where there was one. */
function whenLost(model: ChannelModel): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  let cause: Error | undefined;
  model.on("error", (error) => {
    cause = error; // without a listener the process would end
  });
  model.on("close", (error) => reject(cause ?? error ?? new Error("the connection was closed")));
  promise.catch(() => undefined);
  return promise;
}

/** `signal` goes through to the socket: amqplib has no way of its own to give up a connection attempt. */
function socketOptions(name: string, signal: AbortSignal) {
  return {
    noDelay: true,
    keepAlive: true,
    timeout: CONNECT_TIMEOUT_MS,
    clientProperties: { connection_name: name },
    signal,
  };
}
