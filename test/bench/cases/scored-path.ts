import { z } from "zod";
import type { BenchCase } from "../bench-case.ts";
import { startCannedGateway } from "../canned-gateway.ts";
import { Contender } from "../contender.ts";
import { Installation } from "../installation.ts";
import { measurePart, type MeasuredPart, type Part } from "../measure-part.ts";
import { Rounds } from "../rounds.ts";

/** Calls of the SDK's loop under way. */
const AT_ONCE = 16;

const partSchema = z.object({ perSecond: z.number(), cpuMicros: z.number() });

type Name = "riskline" | "pem" | "object";

/** Scored by calls to a gateway that answers at once: what a call costs the worker, with all that goes with it. */
export const SCORED_PATH: BenchCase = {
  name: "scored",
  what: "one worker scores by calls to a gateway that answers at once, beside a loop of the official SDK's exec",
  async run({ servers, isQuick, say }) {
    const part = isQuick ? { from: 500, to: 1_500 } : { from: 2_000, to: 8_000 };
    const gateway = await startCannedGateway(0);
    const installation = await Installation.create(servers, gateway.url);
    try {
      const rounds = await Rounds.play<Name>(
        [
          ["riskline", () => roundOfWorker(installation, part)],
          ["pem", () => roundOfSdk(installation, part, "pem")],
          ["object", () => roundOfSdk(installation, part, "object")],
        ],
        { isQuick, say },
      );
      return findingOf(rounds);
    } finally {
      await installation.close();
      await gateway.close();
    }
  },
};

async function roundOfWorker(installation: Installation, part: Part): Promise<MeasuredPart> {
  await installation.publish(part.to);
  const worker = installation.startWorker();
  try {
    return await measurePart(worker.pid, part, () => installation.ready("results"));
  } finally {
    await worker.end();
    await installation.purge("results");
  }
}

async function roundOfSdk(
  { env }: Installation,
  { from, to }: Part,
  key: "pem" | "object",
): Promise<MeasuredPart> {
  const settings = { KEY: key, FROM: String(from), TO: String(to), AT_ONCE: String(AT_ONCE) };
  const client = Contender.start("sdk-exec", { ...env, ...settings });
  try {
    return partSchema.parse(await client.message());
  } finally {
    await client.end();
  }
}

function findingOf(rounds: Rounds<Name>) {
  const row = (label: string, name: Name): string[] => [
    label,
    rounds.middle(name, "perSecond").toFixed(0),
    rounds.middle(name, "cpuMicros").toFixed(0),
    rounds.times(name, "pem", "cpuMicros").toFixed(2),
  ];
  const ofSdk = rounds.times("riskline", "pem", "cpuMicros");
  return {
    head: ["one process", "per second", "CPU each, µs", "of the SDK's exec"],
    rows: [
      row("Riskline's worker: broker, journal, quota, call, result", "riskline"),
      row("the SDK's exec, key as PEM text", "pem"),
      row("the SDK's exec, key as KeyObject", "object"),
    ],
    figures: {
      ofSdk,
      cpuMicros: rounds.middle("riskline", "cpuMicros"),
      cpuMicrosSdk: rounds.middle("pem", "cpuMicros"),
      cpuMicrosSdkWithKeyObject: rounds.middle("object", "cpuMicros"),
      perSecond: rounds.middle("riskline", "perSecond"),
    },
    goals: [
      { what: `${ofSdk.toFixed(2)} of the CPU of the SDK's exec, at most 1 wanted`, isReached: ofSdk <= 1 },
    ],
  };
}
