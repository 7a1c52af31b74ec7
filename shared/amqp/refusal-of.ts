import type { Channel, ChannelModel } from "amqplib";
import { closeInTime } from "./close-in-time.ts";
import { openChannel } from "./open-channel.ts";

/** Why the broker closed a channel: AMQP's number, and its own words. */
export interface Refusal {
  readonly code: number;
  readonly text: string;
}

/** AMQP's numbers, as far as they say something about us. */
export const ACCESS_REFUSED = 403;
export const PRECONDITION_FAILED = 406;

/**
 * Asks for something on a channel of its own, and gives the broker's refusal; undefined where it did what was asked.
 * A question that is never answered where all is well, such as publishing, has to be one that is always refused.
 * @throws what is no answer of the broker's, a lost connection above all
 */
export async function refusalOf(
  model: ChannelModel,
  ask: (channel: Channel) => Promise<unknown>,
): Promise<Refusal | undefined> {
  const { channel, ended } = await openChannel(model);
  try {
    await Promise.race([ask(channel), ended]);
    await closeInTime(channel);
    return undefined;
  } catch (error) {
    if (error instanceof Error && "code" in error && typeof error.code === "number") {
      return { code: error.code, text: error.message };
    }
    throw error;
  }
}
