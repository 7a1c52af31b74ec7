import { brokerNames } from "../../../shared/amqp/broker-names.ts";
import type { BrokerConnection } from "../../../shared/amqp/connection.ts";
import { watchResults } from "../../../shared/amqp/watch-results.ts";
import { deadLetterSchema } from "../../../shared/domain/dead-letter.ts";
import { riskResultSchema } from "../../../shared/domain/risk-result.ts";
import type { RowAccounts } from "./row-accounts.ts";

export interface WatchOutcomesOptions {
  readonly connection: BrokerConnection;
  readonly namespace: string;
  readonly accounts: RowAccounts;
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

/** How many messages went by. */
export interface Watch {
  readonly seen: () => number;
  /** Resolves when the signal has ended it. */
  readonly ended: Promise<unknown>;
}

/** Enters results and dead letters in the accounts, and takes none away. Resolves once none can be missed any more. */
export async function watchOutcomes(options: WatchOutcomesOptions): Promise<Watch> {
  const { exchanges } = brokerNames(options.namespace);
  const { accounts } = options;
  let seen = 0;
  const watching = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const;
  const common = {
    connection: options.connection,
    signal: options.signal,
    pattern: "#",
    onLost: (error: Error) => options.note(`watching was interrupted, trying again: ${error.message}`),
  };
  const results = watchResults({
    ...common,
    exchange: exchanges.results,
    onWatching: watching[0].resolve,
    onResult: (body) => {
      seen += 1;
      accounts.result(riskResultSchema.parse(JSON.parse(body.toString())), performance.now());
    },
  });
  const deadLetters = watchResults({
    ...common,
    exchange: exchanges.deadLetters,
    onWatching: watching[1].resolve,
    onResult: (body, reason) => {
      seen += 1;
      accounts.deadLetter(body, deadLetterSchema.shape.reason.parse(reason));
    },
  });
  const ended = Promise.all([results, deadLetters]);
  await Promise.race([Promise.all(watching.map(({ promise }) => promise)), ended]);
  return { seen: () => seen, ended };
}
