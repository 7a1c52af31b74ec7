import { answers } from "./answers.ts";
import type { Server, ServerKind } from "./server.ts";

const VARIABLES: Readonly<Record<ServerKind, string>> = { rabbitmq: "AMQP_URL", redis: "REDIS_URL" };
const ANSWERS_WITHIN_MS = 5_000;

/** The server that the environment names, if it names one. No other is tried where it does not answer. */
export async function findGiven(kind: ServerKind): Promise<Server | undefined> {
  const variable = VARIABLES[kind];
  const url = process.env[variable];
  if (url === undefined || url === "") return undefined;
  if (!URL.canParse(url)) throw new Error(`${variable} is not an address`);
  const described = `${kind}: the one at ${new URL(url).host} (${variable})`;
  if (await answers(url, ANSWERS_WITHIN_MS)) return { url, described, stop: async () => undefined };
  throw new Error(`There is no ${kind} at ${new URL(url).host}, which ${variable} names`);
}
