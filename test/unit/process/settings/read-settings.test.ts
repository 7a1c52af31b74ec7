import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it, onTestFinished } from "vitest";
import type { Environment } from "../../../../shared/process/settings/environment.ts";
import { readSettings } from "../../../../shared/process/settings/read-settings.ts";
import { SettingsError } from "../../../../shared/process/settings/settings-error.ts";
import { SETTINGS, type Section } from "../../../../shared/process/settings/settings.ts";

const PRIVATE_KEY = "p".repeat(400);
const CREDENTIALS = {
  ALIPAY_APP_ID: "2021",
  ALIPAY_PRIVATE_KEY: PRIVATE_KEY,
  ALIPAY_PUBLIC_KEY: "q".repeat(200),
};
const SECTIONS = Object.keys(SETTINGS).filter((name): name is Section => name in SETTINGS);

function problemsOf(sections: readonly Section[], source: Environment): readonly string[] {
  try {
    readSettings(sections, source);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.problems;
    throw error;
  }
}

function fileWith(content: string): string {
  const directory = mkdtempSync(join(tmpdir(), "riskline-settings-"));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  const path = join(directory, "secret");
  writeFileSync(path, content);
  return path;
}

describe("sections", () => {
  it("gives a command what it asked for, and asks for nothing else", () => {
    const settings = readSettings(["broker", "installation"], { NAMESPACE: " shop-7 ", PREFETCH: "wrong" });
    expect(settings.installation.namespace).toBe("shop-7");
    expect(Object.keys(settings).toSorted()).toEqual(["broker", "installation", "warnings"]);
  });

  it("gives everything frozen", () => {
    const isFrozen = (value: unknown): boolean =>
      typeof value !== "object" ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every(isFrozen));
    expect(isFrozen(readSettings(SECTIONS, CREDENTIALS))).toBe(true);
  });

  it("takes an empty variable as one that is not set", () => {
    const { worker } = readSettings(["worker"], { PREFETCH: "", HTTP_PORT: "  " });
    expect(worker).toMatchObject({ prefetch: 250, httpPort: { isExplicit: false } });
  });

  it("tells a port that was set from the default", () => {
    expect(readSettings(["worker"], { HTTP_PORT: "9464" }).worker.httpPort).toEqual({
      port: 9464,
      isExplicit: true,
    });
  });
});

describe("problems", () => {
  it("are reported all at once, each by its name", () => {
    const source = {
      NAMESPACE: "a b",
      AMQP_URL: "localhost",
      ALIPAY_PRIVATE_KEY_FILE: "/nowhere/key.pem",
      ALIPAY_QUOTA: "many",
      RISK_REVIEW_AT: "0.9",
      RETRY_LIMIT: "4",
      HTTP_PORT: "maybe",
    };
    expect(problemsOf(SECTIONS, source)).toEqual([
      expect.stringMatching(/^NAMESPACE: must be 1 to 64/),
      expect.stringMatching(/^AMQP_URL: must be a URL/),
      "ALIPAY_APP_ID: must be set",
      "ALIPAY_PRIVATE_KEY: the file of ALIPAY_PRIVATE_KEY_FILE cannot be read (ENOENT)",
      "ALIPAY_PUBLIC_KEY: must be set",
      "RETRY_LIMIT: must be a whole number from 0 to 3",
      expect.stringMatching(/^ALIPAY_QUOTA: "many" is not calls\/window/),
      "HTTP_PORT: must be `off` or a port from 0 to 65535",
      "RISK_REVIEW_AT: must not be above RISK_DECLINE_AT",
    ]);
  });

  it("stand in the message, too", () => {
    expect(() => readSettings(["worker"], { PREFETCH: "x", HTTP_PORT: "x" })).toThrow(
      /PREFETCH.*\n.*HTTP_PORT/,
    );
  });

  it("include a journal that forgets calls between two retries", () => {
    const source = { JOURNAL_TTL_SECONDS: "23", RETRY_INITIAL_DELAY_MS: "5000", ALIPAY_TIMEOUT_MS: "3000" };
    expect(problemsOf(["journal", "calls"], source)).toEqual([
      expect.stringMatching(/^JOURNAL_TTL_SECONDS: .*23000 ms/),
    ]);
    expect(problemsOf(["journal", "calls"], { ...source, JOURNAL_TTL_SECONDS: "24" })).toEqual([]);
    expect(problemsOf(["journal", "calls"], { ...source, RETRY_LIMIT: "2" })).toEqual([]);
  });
});

describe("secrets from files", () => {
  it.each([
    { content: `${PRIVATE_KEY}\n`, read: PRIVATE_KEY },
    { content: `${PRIVATE_KEY}\r\n`, read: PRIVATE_KEY },
    { content: `${PRIVATE_KEY}\nmore`, read: `${PRIVATE_KEY}\nmore` },
  ])("lose the line break at their end: $content", ({ content, read }) => {
    const source = { ...CREDENTIALS, ALIPAY_PRIVATE_KEY: "", ALIPAY_PRIVATE_KEY_FILE: fileWith(content) };
    expect(readSettings(["credentials"], source).credentials.privateKey).toBe(read);
  });

  it.each([
    { what: "an empty file", file: () => fileWith("\n"), problem: /is empty/ },
    { what: "a directory", file: () => tmpdir(), problem: /is not a file/ },
    { what: "an endless device", file: () => "/dev/zero", problem: /is not a file/ },
    { what: "no file", file: () => "/nowhere", problem: /cannot be read \(ENOENT\)/ },
    {
      what: "a huge file",
      file: () => {
        const path = fileWith("");
        truncateSync(path, 65_537);
        return path;
      },
      problem: /too large/,
    },
    { what: "a short key", file: () => fileWith("short"), problem: /must be a text of 16/ },
  ])("are a problem: $what", ({ file, problem }) => {
    expect(problemsOf(["journal"], { PSEUDONYM_KEY_FILE: file() })).toEqual([expect.stringMatching(problem)]);
  });

  it("are a problem together with the variable itself", () => {
    const source = { REDIS_URL: "redis://a", REDIS_URL_FILE: fileWith("redis://b") };
    expect(problemsOf(["redis"], source)).toEqual([
      "REDIS_URL: set together with REDIS_URL_FILE; set one of the two",
    ]);
  });

  it("are read for secrets only", () => {
    const source = { ALIPAY_APP_ID_FILE: fileWith("2021") };
    expect(problemsOf(["application"], source)).toEqual(["ALIPAY_APP_ID: must be set"]);
  });
});

describe("warnings", () => {
  it.each([
    ["ALIPAY_TIMEOUT", "ALIPAY_TIMEOUT_MS"],
    ["ALIPAY_QOUTA", "ALIPAY_QUOTA"],
    ["ALIPAY_PRIVATE_KEYFILE", "ALIPAY_PRIVATE_KEY_FILE"],
    ["RISK_DECLINED_AT", "RISK_DECLINE_AT"],
    ["RISK_REVIEW", "RISK_REVIEW_AT"],
    ["REDIS_URI", "REDIS_URL"],
    ["log_level", "LOG_LEVEL"],
    ["PREFECTH", "PREFETCH"],
  ])("name a likely typo: %s", (name, meant) => {
    expect(readSettings([], { [name]: "secret text" }).warnings).toEqual([
      `${name}: not a setting; ${meant} was meant?`,
    ]);
  });

  it.each([
    "PATH",
    "HOME",
    "CI",
    "HTTP_PROXY",
    "REDIS_PORT",
    "REDIS_IMAGE",
    "ALIPAY",
    "HTTP",
    "NAMESPACED_THING",
  ])("leave other programs' variables alone: %s", (name) => {
    expect(readSettings([], { [name]: "x" }).warnings).toEqual([]);
  });

  it("are not given for our own variables", () => {
    expect(readSettings(SECTIONS, { ...CREDENTIALS, HTTP_PORT: "0" }).warnings).toEqual([]);
  });

  it.each<{ sections: Section[]; source: Environment; warning: RegExp }>([
    {
      sections: ["journal", "quota"],
      source: { FREEZE_HOURS: "169" },
      warning: /^JOURNAL_TTL.*FREEZE_HOURS/,
    },
    { sections: ["journal"], source: { RESULT_TTL_SECONDS: "604801" }, warning: /^JOURNAL_TTL.*RESULT_TTL/ },
    { sections: ["worker", "calls"], source: { SHUTDOWN_GRACE_MS: "2999" }, warning: /^SHUTDOWN_GRACE_MS/ },
    {
      sections: ["worker", "quota"],
      source: { ALIPAY_QUOTA_HISTORY: "none" },
      warning: /^ALIPAY_QUOTA_HISTORY: .*first start only/,
    },
    {
      sections: ["worker", "quota"],
      source: { ALIPAY_QUOTA: "200/1s,1000000/1h" },
      warning: /^LIMIT_STRIKES_PER_DAY: 10 calls .* within 50 ms/,
    },
    {
      sections: ["application"],
      source: { ALIPAY_APP_ID: "2021", ALIPAY_GATEWAY_URL: "http://gateway.example/" },
      warning: /^ALIPAY_GATEWAY_URL: http:/,
    },
  ])("are given for $source", ({ sections, source, warning }) => {
    expect(readSettings(sections, source).warnings).toEqual([expect.stringMatching(warning)]);
  });

  it("of what only a worker can do wrong are not given to commands that look", () => {
    expect(readSettings(["quota"], { ALIPAY_QUOTA_HISTORY: "none" }).warnings).toEqual([]);
  });
});

it("never shows a secret or a password, whatever is wrong", () => {
  const secretText = fc.stringMatching(/^s3cr3t[a-z0-9]{6}[ -~]{0,40}$/);
  const anywhere = fc.constantFrom(
    "AMQP_URL",
    "REDIS_URL",
    "PSEUDONYM_KEY",
    "ALIPAY_PRIVATE_KEY",
    "ALIPAY_PUBLIC_KEY",
    "ALIPAY_GATEWAY_URL",
    "AMQP_URL_FILE",
    "PSEUDONYM_KEY_FILE",
    "ALIPAY_PRIVATE_KEY_FILE",
  );
  const wrapped = fc.constantFrom(
    (secret: string) => secret,
    (secret: string) => `amqp://user:${secret}@host:port`,
    (secret: string) => `http://user:${secret}@host/`,
    (secret: string) => `-----BEGIN PRIVATE KEY-----\n${secret}`,
  );
  fc.assert(
    fc.property(fc.dictionary(anywhere, fc.tuple(secretText, wrapped), { minKeys: 1 }), (secrets) => {
      const source = Object.fromEntries(
        Object.entries(secrets).map(([name, [text, wrap]]) => [name, wrap(text)]),
      );
      const shown = problemsOf(SECTIONS, source).join("\n");
      expect(shown).toContain("ALIPAY_APP_ID: must be set");
      expect(shown).not.toContain("s3cr3t");
    }),
  );
});
