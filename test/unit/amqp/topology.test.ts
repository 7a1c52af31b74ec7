import { describe, expect, it } from "vitest";
import { topologyOf, type Topology } from "../../../shared/amqp/topology.ts";

const withTarget = {
  "x-queue-type": "quorum",
  "x-delivery-limit": 1_000_000,
  "x-dead-letter-exchange": "risk.dead-letters",
  "x-dead-letter-routing-key": "poisoned",
  "x-dead-letter-strategy": "at-least-once",
  "x-overflow": "reject-publish",
};
const endOfLine = { "x-queue-type": "quorum", "x-delivery-limit": 1_000_000 };

function namesOf(topology: Topology, kind: "exchange" | "queue"): string[] {
  return topology.flatMap((item) => (item.kind === kind ? [item.name] : []));
}

describe("topologyOf", () => {
  const topology = topologyOf({ namespace: "risk", hasResultsQueue: true });

  it("is the contract's table", () => {
    expect(topology).toEqual([
      { kind: "exchange", name: "risk.dead-letters" },
      { kind: "queue", name: "risk.dead-letters", arguments: endOfLine },
      { kind: "binding", exchange: "risk.dead-letters", pattern: "#", queue: "risk.dead-letters" },
      { kind: "queue", name: "risk.undelivered-results", arguments: endOfLine },
      { kind: "exchange", name: "risk.results" },
      {
        kind: "queue",
        name: "risk.results",
        arguments: {
          ...withTarget,
          "x-dead-letter-exchange": "",
          "x-dead-letter-routing-key": "risk.undelivered-results",
        },
      },
      { kind: "binding", exchange: "risk.results", pattern: "result.#", queue: "risk.results" },
      { kind: "queue", name: "risk.waiting", arguments: withTarget },
      { kind: "queue", name: "risk.transactions.urgent", arguments: withTarget },
      { kind: "queue", name: "risk.transactions.standard", arguments: withTarget },
      { kind: "queue", name: "risk.transactions.replay", arguments: withTarget },
      { kind: "exchange", name: "risk.transactions", alternateExchange: "risk.dead-letters" },
      ...["urgent", "standard", "replay"].map((lane) => ({
        kind: "binding",
        exchange: "risk.transactions",
        pattern: `transaction.${lane}`,
        queue: `risk.transactions.${lane}`,
      })),
    ]);
  });

  it("declares every target before what points at it", () => {
    const declared = new Set(["exchange:"]); // the default exchange is always there
    for (const item of topology) {
      const targets = {
        exchange:
          item.kind === "exchange" && item.alternateExchange ? [`exchange:${item.alternateExchange}`] : [],
        queue: item.kind === "queue" ? deadLetterTargets(item.arguments) : [],
        binding: item.kind === "binding" ? [`exchange:${item.exchange}`, `queue:${item.queue}`] : [],
      }[item.kind];
      expect([...declared]).toEqual(expect.arrayContaining(targets));
      if (item.kind !== "binding") declared.add(`${item.kind}:${item.name}`);
    }
  });

  it("keeps two namespaces apart", () => {
    const other = topologyOf({ namespace: "risk2", hasResultsQueue: true });
    for (const kind of ["exchange", "queue"] as const) {
      expect(namesOf(other, kind)).toHaveLength(namesOf(topology, kind).length);
      expect(namesOf(other, kind).every((name) => name.startsWith("risk2."))).toBe(true);
    }
  });

  it("leaves out the results queue, and nothing else, where payment systems bind their own", () => {
    const without = topologyOf({ namespace: "risk", hasResultsQueue: false });
    expect(namesOf(topology, "queue").filter((name) => !namesOf(without, "queue").includes(name))).toEqual([
      "risk.results",
    ]);
    expect(namesOf(without, "exchange")).toEqual(namesOf(topology, "exchange"));
  });
});

function deadLetterTargets(queueArguments: Readonly<Record<string, string | number>>): string[] {
  const exchange = queueArguments["x-dead-letter-exchange"];
  if (exchange === undefined) return [];
  return exchange === ""
    ? [`queue:${queueArguments["x-dead-letter-routing-key"]}`]
    : [`exchange:${exchange}`];
}
