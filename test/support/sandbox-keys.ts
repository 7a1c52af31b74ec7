import { newKeyPair } from "./new-key-pair.ts";

let pairs: Readonly<Record<"app" | "gateway", ReturnType<typeof newKeyPair>>> | undefined;

/** The application's and the gateway's key pairs, made once per test process. */
export function sandboxKeys() {
  return (pairs ??= { app: newKeyPair(), gateway: newKeyPair() });
}
