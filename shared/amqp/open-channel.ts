import type { Channel, ChannelModel, ConfirmChannel } from "amqplib";

/** A channel, and the promise that is rejected when it ends for any reason. */
export interface OpenChannel<C extends Channel> {
  readonly channel: C;
  readonly ended: Promise<never>;
}

/** Opens a channel that cannot end unheard: without a listener its error would end the process. */
export async function openChannel(model: ChannelModel): Promise<OpenChannel<Channel>> {
  return watched(await model.createChannel());
}

/** The same for a channel with publisher confirms. */
export async function openConfirmChannel(model: ChannelModel): Promise<OpenChannel<ConfirmChannel>> {
  return watched(await model.createConfirmChannel());
}

function watched<C extends Channel>(channel: C): OpenChannel<C> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  let cause: Error | undefined;
  channel.on("error", (error) => {
    cause = error;
  });
  channel.on("close", () => reject(cause ?? new Error("the channel was closed")));
  ended.catch(() => undefined); // a channel that nobody waits for may end as well
  return { channel, ended };
}
