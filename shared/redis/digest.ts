import { hash } from "node:crypto";
import { identityOf, type Transaction } from "../domain/transaction.ts";

/** By which the journal tells whether two transactions with one id are the same. */
export const digestOf = (transaction: Transaction): string =>
  hash("sha256", identityOf(transaction), "base64url");

/** What stands for a device once it is hashed with a key: another one for each payer. */
export const deviceText = ({ userId, deviceFingerprint }: Transaction): string =>
  `device\0${userId}\0${deviceFingerprint}`;
