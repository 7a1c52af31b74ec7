import type { TestProject } from "vitest/node";
import { startServices } from "../../scripts/services/start-services.ts";

declare module "vitest" {
  interface ProvidedContext {
    amqpUrl: string;
    redisUrl: string;
  }
}

const log = (text: string): void => {
  process.stderr.write(text.replaceAll(/^/gm, "services: ") + "\n");
};

/** Starts the servers once for all integration tests; these read the addresses with `inject`. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const services = await startServices(log);
  log(services.described);
  project.provide("amqpUrl", services.amqpUrl);
  project.provide("redisUrl", services.redisUrl);
  return () => services.stop();
}
