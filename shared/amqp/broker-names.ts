import type { Lane } from "../domain/delivery.ts";

/** Every name on the broker. */
export interface BrokerNames {
  readonly exchanges: {
    readonly transactions: string;
    readonly results: string;
    readonly deadLetters: string;
  };
  readonly lanes: Readonly<Record<Lane, string>>;
  readonly waiting: string;
  readonly results: string;
  readonly deadLetters: string;
  readonly undeliveredResults: string;
}

/** The names of one installation; each starts with its namespace. */
export function brokerNames(namespace: string): BrokerNames {
  return {
    exchanges: {
      transactions: `${namespace}.transactions`,
      results: `${namespace}.results`,
      deadLetters: `${namespace}.dead-letters`,
    },
    lanes: {
      urgent: `${namespace}.transactions.urgent`,
      standard: `${namespace}.transactions.standard`,
      replay: `${namespace}.transactions.replay`,
    },
    waiting: `${namespace}.waiting`,
    results: `${namespace}.results`,
    deadLetters: `${namespace}.dead-letters`,
    undeliveredResults: `${namespace}.undelivered-results`,
  };
}
