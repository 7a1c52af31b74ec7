import { expect, it } from "vitest";
import { sampleBody } from "../../support/sample-transaction.ts";
import { startPipeline } from "../../support/start-pipeline.ts";

it.each([
  { codes: "", hold: "permission" },
  { codes: "isv.no_permission", hold: "banned" },
])("with ALIPAY_BAN_CODES=$codes, NO_PERMISSION brings the hold: $hold", async ({ codes, hold }) => {
  const pipeline = await startPipeline({ sandbox: { scenario: "no-permission" } });
  const worker = await pipeline.startWorker({ ALIPAY_BAN_CODES: codes });
  await pipeline.publish([sampleBody()]);
  expect(JSON.parse(await worker.line('"calls-held"'))).toMatchObject({ hold });
});
