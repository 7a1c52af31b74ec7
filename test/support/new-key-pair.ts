import { generateKeyPairSync } from "node:crypto";

/** A key pair as RSA2 needs it. */
export const newKeyPair = () => generateKeyPairSync("rsa", { modulusLength: 2_048 });
