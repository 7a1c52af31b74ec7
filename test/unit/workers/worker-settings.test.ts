import { expect, it } from "vitest";
import { SettingsError } from "../../../shared/process/settings/settings-error.ts";
import { readWorkerSettings } from "../../../workers/risk-detection/worker-settings.ts";
import { newKeyPair } from "../../support/new-key-pair.ts";

const { privateKey } = newKeyPair();
const { publicKey } = newKeyPair();

const ENVIRONMENT = {
  AMQP_URL: "amqp://localhost",
  REDIS_URL: "redis://localhost",
  ALIPAY_APP_ID: "2021000000000001",
  ALIPAY_PRIVATE_KEY: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  ALIPAY_PUBLIC_KEY: publicKey.export({ type: "spki", format: "pem" }).toString(),
};

function problemsOf(changes: Readonly<Record<string, string>>): readonly string[] {
  try {
    readWorkerSettings({ ...ENVIRONMENT, ...changes });
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

it("gives settings and keys", () => {
  const { settings, credentials } = readWorkerSettings(ENVIRONMENT);
  expect(settings.broker.url).toBe("amqp://localhost");
  expect(credentials.appId).toBe("2021000000000001");
});

it("tells what is wrong with the keys together with all else", () => {
  const problems = problemsOf({ PREFETCH: "0", ALIPAY_PRIVATE_KEY: "x".repeat(100), ALIPAY_PUBLIC_KEY: "" });
  const variables = problems.map((problem) => problem.split(":")[0]);
  expect(variables).toEqual(["ALIPAY_PUBLIC_KEY", "PREFETCH", "ALIPAY_PRIVATE_KEY"]);
});
