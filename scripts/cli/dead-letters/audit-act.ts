import { writeAudit } from "../../../shared/redis/audit.ts";
import type { LettersSession } from "./letters-session.ts";

/** Writes into the audit what the operator does to dead letters, and why. */
export function auditAct(
  { client, namespace, operator }: Pick<LettersSession, "client" | "namespace" | "operator">,
  act: `dead-letters-${string}`,
  reason: string,
  details: Readonly<Record<string, unknown>>,
): Promise<void> {
  return writeAudit(client, namespace, { act, by: operator, reason, details });
}
