import type { Letter } from "../domain/letters/letter.ts";
import type { BrokerNames } from "./broker-names.ts";
import { carryOver } from "./carry-over.ts";
import type { LetterMessage } from "./letters-in-hand.ts";
import type { OutgoingMessage } from "./outgoing-message.ts";
import { RISK_HEADERS } from "./risk-headers.ts";

/** What a replay says of the letter that it puts back. */
export interface ReplayStamp {
  readonly letter: Pick<Letter, "instance" | "attempts">;
  /** How often it was replayed before, as far as anybody knows. */
  readonly replays: number;
  /** Calls that no longer count. */
  readonly forgiven: number;
  readonly replayId: string;
}

/** A dead letter on its way back: the producer's body and properties, to the replay lane. */
export function replayMessage(
  message: LetterMessage,
  stamp: ReplayStamp,
  names: BrokerNames,
): OutgoingMessage {
  const { letter, replays, forgiven, replayId } = stamp;
  const kept = carryOver(message.properties, true);
  return {
    exchange: names.exchanges.transactions,
    routingKey: "transaction.replay",
    body: message.content,
    properties: {
      ...kept,
      headers: {
        ...kept.headers,
        [RISK_HEADERS.attempts]: letter.attempts,
        [RISK_HEADERS.replays]: replays,
        [RISK_HEADERS.instance]: letter.instance,
        ...(forgiven === 0 ? {} : { [RISK_HEADERS.forgivenCalls]: forgiven }),
        [RISK_HEADERS.replayId]: replayId,
      },
    },
  };
}
