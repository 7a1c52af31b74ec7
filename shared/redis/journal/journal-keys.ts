/** Where an installation keeps what it knows of transactions and payers. A person is a key by a pseudonym only. */
export const journalKeys = (namespace: string) => ({
  journal: (transactionId: string): string => `${namespace}:journal:${transactionId}`,
  /** How it ended, as the contract shows it to readers. */
  result: (transactionId: string): string => `${namespace}:result:${transactionId}`,
  score: (pseudonym: string): string => `${namespace}:score:${pseudonym}`,
  /** Whose claim is about to bring the payer's score. */
  flight: (pseudonym: string): string => `${namespace}:flight:${pseudonym}`,
});
