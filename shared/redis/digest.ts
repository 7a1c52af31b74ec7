import { hash } from "node:crypto";
import { identityOf, type Transaction } from "../domain/transaction.ts";

/** By which the journal tells whether two transactions with one id are the same. */
export const digestOf = (transaction: Transaction): string =>
  hash("sha256", identityOf(transaction), "base64url");
