/** The two servers that Riskline needs. */
export type ServerKind = "rabbitmq" | "redis";

/** A server that answers, wherever it came from. */
export interface Server {
  readonly url: string;
  /** One line for people: which server this is. */
  readonly described: string;
  /** Leaves nothing behind of what was started for it. */
  stop(): Promise<void>;
}

/** A server that we started, so we may also break it. What it runs, and what it keeps, goes when it is stopped, or we end. */
export interface OwnServer extends Server {
  /** Ends it as a crash would; data and address are kept. */
  kill(): Promise<void>;
  /** Starts it again after `kill` and resolves once it answers. */
  start(): Promise<void>;
  /** Freezes it: connections stay open and nothing answers. */
  pause(): Promise<void>;
  resume(): Promise<void>;
  /** Runs one of the server's own tools where the server runs, such as `rabbitmqctl`. Rejects where it fails. */
  run(tool: string, args: readonly string[]): Promise<void>;
}

/** Settings of a server by the names of its own configuration file, added to ours. */
export type ServerSettings = Readonly<Record<string, string>>;

/** What asking one way for a server brings: the server, or why there is none that way. */
export type Found<S extends Server> = { readonly server: S } | { readonly missing: string };
