import { createHash } from "node:crypto";
import { deadLetterSchema } from "../domain/dead-letter.ts";
import type { Letter } from "../domain/letters/letter.ts";
import type { BrokerNames } from "./broker-names.ts";
import { carryOver } from "./carry-over.ts";
import type { LetterMessage } from "./letters-in-hand.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { RISK_HEADERS, RISK_PREFIX } from "./risk-headers.ts";

/** A dead letter with another body, to take the place of the one it was. All that is known of it stays. */
export function editedLetter(
  message: LetterMessage,
  { reason }: Pick<Letter, "reason">,
  edit: { readonly body: Buffer; readonly editedAt: string; readonly failedAt: string },
  names: BrokerNames,
): OutgoingMessage {
  const kept = carryOver(message.properties, true);
  const headers: Readonly<Record<string, unknown>> = { ...message.properties.headers };
  // Why the broker put it here is not one of our reasons.
  const routingKey = deadLetterSchema.shape.reason.safeParse(reason).data ?? "malformed";
  // What was misrouted was never ours: such headers are its producer's.
  const ours =
    reason === "misrouted" ? [] : Object.entries(headers).filter(([name]) => name.startsWith(RISK_PREFIX));
  return {
    exchange: names.exchanges.deadLetters,
    routingKey,
    body: edit.body,
    properties: {
      ...kept,
      headers: {
        ...kept.headers,
        [RISK_HEADERS.reason]: routingKey,
        [RISK_HEADERS.failedAt]: edit.failedAt,
        ...Object.fromEntries(ours),
        [RISK_HEADERS.bodySha256]: createHash("sha256").update(edit.body).digest("hex"),
        [RISK_HEADERS.editedAt]: edit.editedAt,
      },
    },
  };
}
