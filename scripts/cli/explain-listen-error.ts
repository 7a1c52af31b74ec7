import { errorFields } from "../../shared/process/error-fields.ts";

interface ListenFlags {
  readonly host: string;
  readonly port: number;
}

type Explanation = (flags: ListenFlags) => string;

const unknownHost: Explanation = ({ host }) => `--host: no address is known of "${host}"`;

/** What the system's codes mean for the person who chose host and port. */
const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost, // no name server could be asked
  EADDRNOTAVAIL: ({ host }) => `--host: "${host}" is no address of this machine`,
  EADDRINUSE: ({ host, port }) => `--port: ${port} is taken on "${host}"`,
  EACCES: ({ port }) => `--port: this user may not listen on ${port}`,
};

/** The error in words that name the flag, where its code is known. */
export function explainListenError(error: unknown, flags: ListenFlags): unknown {
  const explain = EXPLANATIONS[errorFields(error).code ?? ""];
  return explain === undefined ? error : new Error(explain(flags), { cause: error });
}
