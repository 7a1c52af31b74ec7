import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { readEnvironment } from "../../../../shared/process/settings/environment.ts";

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), "riskline-environment-"));
  onTestFinished(() => rmSync(path, { recursive: true }));
  return path;
}

it("completes the environment from the .env file; what is set already wins, also where it is empty", () => {
  vi.stubEnv("NAMESPACE", "from-environment");
  vi.stubEnv("LOG_LEVEL", "");
  onTestFinished(() => void vi.unstubAllEnvs());
  const path = directory();
  writeFileSync(
    join(path, ".env"),
    '\uFEFFPREFETCH=4\nNAMESPACE=from-file\nLOG_LEVEL=debug\nALIPAY_APP_ID="2021"\n',
  );
  expect(readEnvironment(path)).toMatchObject({
    PREFETCH: "4",
    NAMESPACE: "from-environment",
    LOG_LEVEL: "",
    ALIPAY_APP_ID: "2021",
  });
});

it("needs no .env file", () => {
  expect(readEnvironment(directory())).toEqual(process.env);
});

it("reports a .env file that cannot be read", () => {
  const path = directory();
  mkdirSync(join(path, ".env"));
  expect(() => readEnvironment(path)).toThrow(".env: cannot be read (EISDIR)");
});
