import { z } from "zod";
import { sandboxKeys } from "../support/sandbox-keys.ts";
import { Contender } from "./contender.ts";

const addressSchema = z.object({ port: z.number() });
const callsSchema = z.array(z.tuple([z.string(), z.number()]));

/** A gateway in a process of its own that costs its clients nothing but the time that it is told to take. */
export interface CannedGateway {
  readonly url: string;
  /** How long each transaction's call was with it, in milliseconds; known where it takes its time. */
  msOfCalls(): Promise<ReadonlyMap<string, number>>;
  close(): Promise<void>;
}

/** Starts one that answers after so long. */
export async function startCannedGateway(latencyMs: number): Promise<CannedGateway> {
  const contender = Contender.start("canned-gateway", {
    GATEWAY_PRIVATE_KEY: sandboxKeys().gateway.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    LATENCY_MS: String(latencyMs),
  });
  const { port } = addressSchema.parse(await contender.message());
  return {
    url: `http://127.0.0.1:${port}/gateway.do`,
    async msOfCalls() {
      contender.process.send("report");
      return new Map(callsSchema.parse(await contender.message()));
    },
    close: () => contender.end(),
  };
}
