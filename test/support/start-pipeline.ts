import { onTestFinished, type TestContext } from "vitest";
import { Pipeline, type PipelineOptions } from "./pipeline.ts";
import { servers } from "./servers.ts";

/**
 * A whole installation on the servers of the test run, taken away when the test ends. Concurrent tests must say
 * which of them that is.
 */
export async function startPipeline(
  options: Partial<PipelineOptions> = {},
  test: Pick<TestContext, "onTestFinished"> = { onTestFinished },
): Promise<Pipeline> {
  const pipeline = await Pipeline.start({ servers: servers(), ...options });
  test.onTestFinished(() => pipeline.close());
  return pipeline;
}
