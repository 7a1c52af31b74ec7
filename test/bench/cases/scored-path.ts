import { z } from "zod";
import type { BenchCase } from "../bench-case.ts";
import { startCannedGateway } from "../canned-gateway.ts";
import { Contender } from "../contender.ts";
import { Installation } from "../installation.ts";
import { measurePart, type MeasuredPart, type Part } from "../measure-part.ts";
import { median } from "../quantile.ts";

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
    const contenders: readonly [Name, () => Promise<MeasuredPart>][] = [
      ["riskline", () => roundOfWorker(installation, part)],
      ["pem", () => roundOfSdk(installation, part, "pem")],
      ["object", () => roundOfSdk(installation, part, "object")],
    ];
    const rounds = new Map<Name, MeasuredPart[]>(contenders.map(([name]) => [name, []]));
    try {
      for (let round = 1; round <= (isQuick ? 1 : 5); round += 1) {
        for (const [name, play] of contenders) {
          const measured = await play();
          say(
            `round ${round}, ${name}: ${measured.perSecond.toFixed(0)}/s, ${measured.cpuMicros.toFixed(0)} µs`,
          );
          rounds.get(name)?.push(measured);
        }
      }
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

function findingOf(rounds: ReadonlyMap<Name, readonly MeasuredPart[]>) {
  const middle = (name: Name, what: keyof MeasuredPart): number =>
    median((rounds.get(name) ?? []).map((part) => part[what]));
  const row = (label: string, name: Name): string[] => [
    label,
    middle(name, "perSecond").toFixed(0),
    middle(name, "cpuMicros").toFixed(0),
    (middle(name, "cpuMicros") / middle("pem", "cpuMicros")).toFixed(2),
  ];
  const ours = middle("riskline", "cpuMicros");
  return {
    head: ["one process", "per second", "CPU each, µs", "of the SDK's exec"],
    rows: [
      row("Riskline's worker: broker, journal, quota, call, result", "riskline"),
      row("the SDK's exec, key as PEM text", "pem"),
      row("the SDK's exec, key as KeyObject", "object"),
    ],
    figures: {
      cpuMicros: ours,
      cpuMicrosSdk: middle("pem", "cpuMicros"),
      cpuMicrosSdkWithKeyObject: middle("object", "cpuMicros"),
      perSecond: middle("riskline", "perSecond"),
    },
    goals: [{ what: "at most the CPU of the SDK's exec", isReached: ours <= middle("pem", "cpuMicros") }],
  };
}
