import { randomUUID } from "node:crypto";

/** Names of its own for one test, on servers that all tests share. */
export const newNamespace = (): string => `test-${randomUUID()}`;
