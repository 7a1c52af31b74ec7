import type { Channel, ChannelModel } from "amqplib";
import { closeInTime } from "./close-in-time.ts";
import { declareItem, explainDeclareError } from "./declare-topology.ts";
import { isNotFound } from "./is-not-found.ts";
import { openChannel } from "./open-channel.ts";
import { TopologyMismatchError } from "./topology-mismatch-error.ts";
import type { Topology } from "./topology.ts";

/** A queue or exchange that must be there, compared with what is. */
export interface ComparedItem {
  readonly kind: "queue" | "exchange";
  readonly name: string;
  /** "not-compared": it is there, but we may not declare it. */
  readonly state: "missing" | "same" | "different" | "not-compared";
  /** In what it differs, as far as the broker tells: it names the first argument only. */
  readonly difference?: string;
  /** Of a queue that is there. */
  readonly counts: { readonly ready: number; readonly consumers: number } | undefined;
}

type Named = Exclude<Topology[number], { kind: "binding" }>;

/**
 * Compares without changing anything: what a passive declaration does not find is left missing, and to declare what is
 * there compares its arguments, as each worker does at its start. (Bindings cannot be read over AMQP.)
 */
export function compareTopology(model: ChannelModel, topology: Topology): Promise<ComparedItem[]> {
  const named = topology.filter((item): item is Named => item.kind !== "binding");
  return Promise.all(named.map((item) => compare(model, item)));
}

async function compare(model: ChannelModel, item: Named): Promise<ComparedItem> {
  // A missing name, or another argument, costs the channel, so each item has its own.
  const { channel } = await openChannel(model);
  const { kind, name } = item;
  let counts: ComparedItem["counts"];
  try {
    counts = await find(channel, item);
    await declareItem(channel, item);
    await closeInTime(channel);
    return { kind, name, state: "same", counts };
  } catch (error) {
    if (isNotFound(error)) return { kind, name, state: "missing", counts };
    const said = explainDeclareError(error, item);
    if (!(said instanceof TopologyMismatchError)) throw said;
    if (isAccessRefused(error)) return { kind, name, state: "not-compared", counts };
    return { kind, name, state: "different", difference: said.message, counts };
  }
}

const isAccessRefused = (error: unknown): boolean =>
  error instanceof Error && (error.message.includes("ACCESS_REFUSED") || isAccessRefused(error.cause));

async function find(channel: Channel, { kind, name }: Named): Promise<ComparedItem["counts"]> {
  if (kind === "exchange") {
    await channel.checkExchange(name);
    return undefined;
  }
  const { messageCount, consumerCount } = await channel.checkQueue(name);
  return { ready: messageCount, consumers: consumerCount };
}
