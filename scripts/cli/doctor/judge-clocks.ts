import { formatDuration } from "../format-duration.ts";
import { notChecked, ok, problem, warning, type Finding, type Verdict } from "./finding.ts";

/** Clocks, as offsets to this machine's; undefined where one is not known. */
export interface ClockView {
  readonly redisOffsetMs: number | undefined;
  readonly gatewayOffsetMs: number | undefined;
}

/** The gateway refuses a time stamp that is more than five minutes off. */
const GATEWAY_TOLERANCE_MS = 300_000;
/** Far more than a `Date` header and the way to it blur. */
const WORTH_A_WARNING_MS = 30_000;
const REDIS_WORTH_A_WARNING_MS = 5_000;

/** How the three clocks agree: calls are stamped by Redis', which all replicas share. */
export function judgeClocks({ redisOffsetMs, gatewayOffsetMs }: ClockView): Finding[] {
  return [
    { id: "redis-clock", group: "redis", ...judgeRedisClock(redisOffsetMs) },
    { id: "gateway-clock", group: "gateway", ...judgeGatewayClock(redisOffsetMs, gatewayOffsetMs) },
  ];
}

function judgeRedisClock(offsetMs: number | undefined): Verdict {
  if (offsetMs === undefined) return notChecked("Redis does not tell the time");
  if (Math.abs(offsetMs) < REDIS_WORTH_A_WARNING_MS) return ok("as this machine's, to a few seconds");
  return warning(
    `this machine's clock is ${apart(-offsetMs)} Redis'; calls, results and dead letters go by Redis', ` +
      "but log lines and the latest errors of `status` by this one",
    "let chrony or systemd-timesyncd set the clocks of both machines",
  );
}

function judgeGatewayClock(redisOffsetMs: number | undefined, gatewayOffsetMs: number | undefined): Verdict {
  if (gatewayOffsetMs === undefined) return notChecked("the gateway does not tell the time");
  const whose =
    redisOffsetMs === undefined ? "this machine's clock" : "Redis' clock, by which calls are stamped,";
  const machine = redisOffsetMs === undefined ? "this machine" : "Redis' machine";
  const aheadMs = (redisOffsetMs ?? 0) - gatewayOffsetMs;
  const found = `${whose} is ${apart(aheadMs)} the gateway's`;
  const cure = `let chrony or systemd-timesyncd set the clock of ${machine}`;
  if (Math.abs(aheadMs) >= GATEWAY_TOLERANCE_MS) return problem(`${found}: every call is refused`, cure);
  if (Math.abs(aheadMs) >= WORTH_A_WARNING_MS) return warning(found, cure);
  return ok("as ours, as far as its Date header tells");
}

const apart = (aheadMs: number): string =>
  `${formatDuration(Math.abs(aheadMs))} ${aheadMs > 0 ? "ahead of" : "behind"}`;
