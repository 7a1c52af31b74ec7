import { unescape } from "node:querystring";

/** Why there is no connection, in words that name the setting and never the password. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
  /** Trying again cannot help until somebody changes the configuration. */
  readonly isFinal: boolean;

  constructor(problem: string, isFinal: boolean, cause?: unknown) {
    super(problem, { cause });
    this.isFinal = isFinal;
  }
}

interface Refusal {
  /** Found in amqplib's message or in the error's code. */
  readonly sign: RegExp;
  readonly problem: (url: URL) => string;
}

/** What no second attempt cures. amqplib shows a refused virtual host only as a close where open-ok was due. */
const REFUSALS: readonly Refusal[] = [
  {
    sign: /ACCESS[-_]REFUSED/,
    problem: (url) => `the broker refuses user "${userOf(url)}": wrong name or password in AMQP_URL`,
  },
  {
    sign: /Expected ConnectionOpenOk; got <ConnectionClose/,
    problem: (url) =>
      `virtual host "${vhostOf(url)}" of AMQP_URL does not exist, or user "${userOf(url)}" may not use it`,
  },
  {
    sign: /Expected amqp: or amqps:/,
    problem: () => "AMQP_URL has to begin with amqp:// or amqps://",
  },
  {
    sign: /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+|ERR_TLS_CERT_ALTNAME_INVALID)$/,
    problem: (url) => `the TLS certificate of ${url.host} (AMQP_URL) is not trusted`,
  },
  {
    sign: /^ERR_SSL_WRONG_VERSION_NUMBER$/,
    problem: (url) =>
      `${url.host} does not speak TLS: AMQP_URL has to begin with amqp://, or names the wrong port`,
  },
];

/** Says what a failed attempt to connect means, and whether it is worth repeating. */
export function explainConnectError(error: unknown, url: URL): ConnectError {
  const message = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const refusal = REFUSALS.find(({ sign }) => sign.test(message) || sign.test(code));
  if (refusal !== undefined) return new ConnectError(refusal.problem(url), true, error);
  return new ConnectError(`no connection to ${url.host} (AMQP_URL): ${message || code}`, false, error);
}

function userOf(url: URL): string {
  return url.username === "" && url.password === "" ? "guest" : unescape(url.username);
}

function vhostOf(url: URL): string {
  return unescape(url.pathname.slice(1)) || "/";
}
