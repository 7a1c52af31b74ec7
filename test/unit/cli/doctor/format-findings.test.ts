import { expect, it } from "vitest";
import type { Finding } from "../../../../scripts/cli/doctor/finding.ts";
import { findingsJson, formatFindings } from "../../../../scripts/cli/doctor/format-findings.ts";

const FINDINGS: readonly Finding[] = [
  { id: "settings-values", group: "settings", level: "ok", found: "every setting can be read" },
  {
    id: "broker-connection",
    group: "broker",
    level: "problem",
    found: "nobody listens at 127.0.0.1:1",
    cure: "start RabbitMQ, or mend host and port in AMQP_URL",
  },
  { id: "broker-version", group: "broker", level: "not-checked", found: "not checked: no connection" },
  { id: "broker-rights", group: "broker", level: "not-checked", found: "not checked: no connection" },
  { id: "redis-clock", group: "redis", level: "warning", found: "off", cure: "set it" },
];

it("lists findings by group, and what is not checked for one reason in one line", () => {
  expect(formatFindings(FINDINGS, Infinity)).toBe(`settings
✓ settings-values    every setting can be read

broker
✗ broker-connection  nobody listens at 127.0.0.1:1
                     → start RabbitMQ, or mend host and port in AMQP_URL
- 2 checks           not checked: no connection

redis
! redis-clock        off
                     → set it

1 problem, 1 warning, 2 not checked, 1 ok
`);
});

it("fits a phone", () => {
  const text = formatFindings(FINDINGS, 40);
  expect(text).toContain(`✗ broker-connection
  nobody listens at 127.0.0.1:1
  → start RabbitMQ, or mend host and
  port in AMQP_URL
`);
  for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(40);
});

it("gives programs every check, and null where nothing is to do", () => {
  expect(findingsJson(FINDINGS)).toHaveLength(FINDINGS.length);
  expect(findingsJson(FINDINGS)[0]).toEqual({ ...FINDINGS[0], cure: null });
  expect(findingsJson(FINDINGS)[1]).toEqual(FINDINGS[1]);
});
