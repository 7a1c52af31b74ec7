import { hash } from "node:crypto";
import { identityOf, type Transaction } from "../../domain/transaction.ts";

/** By which the journal tells whether two transactions with one id are the same. */
export const digestOf = (transaction: Transaction): string =>
  hash("sha256", identityOf(transaction), "base64url");

/** No user id reads like this, and the same device of two payers does not: what is kept of one says nothing of another. */
export const deviceText = ({ userId, deviceFingerprint }: Transaction): string =>
  `device\0${userId}\0${deviceFingerprint}`;
