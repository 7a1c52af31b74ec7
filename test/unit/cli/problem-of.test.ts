import { expect, it } from "vitest";
import { problemOf } from "../../../scripts/cli/problem-of.ts";
import { SettingsError } from "../../../shared/process/settings/settings-error.ts";

const LOST = "the connection to Redis (REDIS_URL) was lost";

it.each([
  ["Connection is closed.", LOST],
  ["Stream isn't writeable and enableOfflineQueue options is false", LOST],
  [
    'Reached the max retries per request limit (which is 0). Refer to "maxRetriesPerRequest" option for details.',
    LOST,
  ],
  ["Command aborted due to connection close", LOST],
  ["Command timed out", "Redis does not answer (REDIS_URL)"],
  ["no broker (AMQP_URL): Connection is closed.", "no broker (AMQP_URL): Connection is closed."],
])("%s", (says, means) => expect(problemOf(new Error(says))).toBe(means));

it("tells the code, or at least the name, of an error without words", () => {
  expect(problemOf(Object.assign(new Error(), { code: "ECONNRESET" }))).toBe("ECONNRESET");
  expect(problemOf(new SyntaxError("Unexpected token in the body"))).toBe("SyntaxError");
});

it("tells all problems of settings", () => {
  expect(problemOf(new SettingsError(["A: must be set", "B: must be set"]))).toBe(
    "A: must be set; B: must be set",
  );
});
