import { generateKeyPairSync } from "node:crypto";

const newPair = () => generateKeyPairSync("rsa", { modulusLength: 2048 });

let pairs: { app: ReturnType<typeof newPair>; gateway: ReturnType<typeof newPair> } | undefined;

/** The application's and the gateway's key pairs, made once per test process. */
export function sandboxKeys() {
  return (pairs ??= { app: newPair(), gateway: newPair() });
}
