import type { ChannelModel } from "amqplib";
import { abortable } from "./abortable.ts";
import { compareTopology, type ComparedItem } from "./compare-topology.ts";
import { connect } from "./connection.ts";
import { probeMessageLimit, type MessageLimit } from "./probe-message-limit.ts";
import { missingRights, rightsToDeclareAndRead, rightsToPublish, type BrokerRight } from "./probe-rights.ts";
import { topologyOf, type TopologyOptions } from "./topology.ts";

/** What a look at the broker found; nothing there was changed by it. */
export interface BrokerFacts {
  readonly product: string;
  readonly version: string;
  readonly items: readonly ComparedItem[];
  readonly missingRights: readonly BrokerRight[];
  /** What publishing finds out, or the alarm for which the broker takes no messages. */
  readonly publishing:
    | { readonly kind: "blocked"; readonly reason: string }
    | {
        readonly kind: "open";
        readonly missingRights: readonly BrokerRight[];
        readonly limit: MessageLimit;
      };
}

export interface ProbeBrokerOptions extends TopologyOptions {
  readonly url: string;
  /** Ends the looking. */
  readonly signal: AbortSignal;
}

/** Looks at everything that a worker needs of the broker. @throws ConnectError where there is no connection */
export async function probeBroker({
  url,
  signal,
  ...installation
}: ProbeBrokerOptions): Promise<BrokerFacts> {
  const { promise: blocked, resolve: block } = Promise.withResolvers<string>();
  const connection = await connect(url, {
    name: "riskline doctor",
    firstAttempts: 1,
    signal,
    onEvent: (event) => {
      if (event.kind === "blocked") block(event.reason);
    },
  });
  try {
    const model = await connection.open(signal);
    return await abortable(look(model, installation, blocked), signal);
  } finally {
    await connection.close();
  }
}

async function look(
  model: ChannelModel,
  installation: TopologyOptions,
  blocked: Promise<string>,
): Promise<BrokerFacts> {
  const { product, version } = model.connection.serverProperties;
  const [items, missing] = await Promise.all([
    compareTopology(model, topologyOf(installation)),
    missingRights(model, rightsToDeclareAndRead(installation)),
  ]);
  // Last: a broker with an alarm reads no further from a connection that publishes.
  const publishing = await Promise.race([
    publish(model, installation),
    blocked.then((reason) => ({ kind: "blocked", reason }) as const),
  ]);
  return { product, version, items, missingRights: missing, publishing };
}

async function publish(model: ChannelModel, installation: TopologyOptions) {
  const missing = await missingRights(model, rightsToPublish(installation));
  const limit = await probeMessageLimit(model, installation.namespace);
  return { kind: "open", missingRights: missing, limit } as const;
}
