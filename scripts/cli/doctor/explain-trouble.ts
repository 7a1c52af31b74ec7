import { errorFields } from "../../../shared/process/error-fields.ts";

/** Where a connection was to go. */
export interface Target {
  /** Such as "the broker". */
  readonly what: string;
  readonly host: string;
  readonly variable: string;
}

interface Trouble {
  /** Found in the error's code, or in its words. */
  readonly sign: RegExp;
  readonly found: (target: Target) => string;
  readonly cure: (target: Target) => string;
}

/** What the network and TLS say, and what that means to a person. The first that fits. */
const TROUBLES: readonly Trouble[] = [
  {
    sign: /ECONNREFUSED/,
    found: ({ host }) => `nobody listens at ${host}`,
    cure: ({ what, variable }) => `start ${what}, or mend host and port in ${variable}`,
  },
  {
    sign: /ENOTFOUND|EAI_AGAIN/,
    found: ({ host }) => `no address is known of ${host}`,
    cure: ({ variable }) => `mend the host's name in ${variable}, or this machine's DNS`,
  },
  {
    sign: /EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL/,
    found: ({ host }) => `there is no way to ${host}`,
    cure: ({ variable }) => `mend the network or firewall between here and there, or ${variable}`,
  },
  {
    sign: /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/,
    found: ({ host }) => `the TLS certificate of ${host} is not valid now`,
    cure: () => "renew the certificate there; where it is in order, set this machine's clock right",
  },
  {
    sign: /ERR_TLS_CERT_ALTNAME_INVALID/,
    found: ({ host }) => `the TLS certificate of ${host} belongs to another name`,
    cure: ({ variable }) => `name the host in ${variable} as the certificate names it`,
  },
  {
    sign: /SELF_SIGNED|UNABLE_TO_(?:GET|VERIFY)|CERT_/,
    found: ({ host }) => `the TLS certificate of ${host} is not trusted`,
    cure: () => "name the file of the authority that signed it in NODE_EXTRA_CA_CERTS",
  },
  {
    sign: /ERR_SSL_WRONG_VERSION_NUMBER|ERR_SSL_PACKET_LENGTH_TOO_LONG|EPROTO/,
    found: ({ host }) => `${host} does not speak TLS`,
    cure: ({ variable }) => `name its TLS port in ${variable}, or a URL without TLS (amqp:, redis:, http:)`,
  },
  {
    sign: /time.?out|timed out|ETIMEDOUT|AbortError/i,
    found: ({ host }) => `${host} does not answer in time`,
    cure: ({ what, variable }) =>
      `look whether a firewall drops what is sent there, whether ${what} is stuck, and whether ${variable} names it`,
  },
  {
    sign: /ECONNRESET|EPIPE|socket (?:hang up|closed)|other side closed|closed|HPE_|Parse Error/i,
    found: ({ host }) => `${host} hangs up, or speaks another protocol`,
    cure: ({ variable }) => `look whether ${variable} names the right port, and TLS where it is wanted`,
  },
];

/** An error of the network in words, with its cure; never with more of a URL than its host. */
export function explainTrouble(error: unknown, target: Target): { found: string; cure: string } {
  for (const cause of causesOf(error)) {
    const { code = "", message, name } = errorFields(cause);
    const trouble =
      TROUBLES.find(({ sign }) => sign.test(code)) ??
      TROUBLES.find(({ sign }) => sign.test(`${name} ${message}`));
    if (trouble !== undefined) return { found: trouble.found(target), cure: trouble.cure(target) };
  }
  const { message, code, name } = errorFields(error);
  return {
    found: `${target.host} cannot be used: ${message || code || name}`,
    cure: `mend ${target.variable}, or what it names`,
  };
}

/** The error, what caused it, and so on; of several attempts (one for each address) the first. */
function causesOf(error: unknown): Error[] {
  if (!(error instanceof Error)) return [];
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return [...causesOf(first), ...causesOf(error.cause), error];
}
