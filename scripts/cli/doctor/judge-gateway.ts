import type { GatewayFacts } from "../../../shared/alipay/probe-gateway.ts";
import { explainTrouble } from "./explain-trouble.ts";
import {
  judgeAll,
  ok,
  problem,
  skipAll,
  warning,
  type Check,
  type Finding,
  type Verdict,
} from "./finding.ts";

/** What the gateway's checks look at. */
export interface GatewayView {
  readonly facts: GatewayFacts;
  readonly url: URL;
  /** Undefined where the settings of calls cannot be read. */
  readonly timeoutMs: number | undefined;
}

const CHECKS: readonly Check<GatewayView>[] = [
  { id: "gateway-answer", judge: ({ facts }) => judgeStatus(facts.status) },
  { id: "gateway-latency", judge: judgeLatency },
];

/** Facts about the gateway to findings. */
export function judgeGateway(view: GatewayView): Finding[] {
  const tls = view.url.protocol === "https:" ? ", with a certificate that is trusted" : "";
  return [
    { id: "gateway-connection", group: "gateway", ...ok(`${view.url.host} answers${tls}`) },
    ...judgeAll("gateway", CHECKS, view),
  ];
}

/** Why the gateway does not answer. */
export function judgeGatewayError(error: unknown, url: URL): Finding[] {
  const target = { what: "the gateway", host: url.host, variable: "ALIPAY_GATEWAY_URL" };
  const { found, cure } = explainTrouble(error, target);
  return [
    { id: "gateway-connection", group: "gateway", ...problem(found, cure) },
    ...skipAll("gateway", CHECKS, "the gateway does not answer"),
  ];
}

/** The gateway cannot be looked for. */
export const skipGateway = (why: string): Finding[] =>
  skipAll("gateway", [{ id: "gateway-connection", judge: () => undefined }, ...CHECKS], why);

/** A request that asks for nothing is refused in many ways; these say that something else answers. */
function judgeStatus(status: number): Verdict {
  const found = `HTTP ${status} to a request that asks for nothing (no call: free)`;
  if (status === 404)
    return problem(
      `${found}: no gateway at this path`,
      "mend the path of ALIPAY_GATEWAY_URL (Alipay's is /gateway.do)",
    );
  if (status >= 300 && status < 400) {
    return problem(
      `${found}: sent elsewhere, and calls follow no redirect`,
      "name the address in ALIPAY_GATEWAY_URL that it redirects to",
    );
  }
  if (status === 407)
    return problem(
      `${found}: a proxy wants a password`,
      "let calls pass the proxy, or name a gateway that needs none",
    );
  if (status >= 500)
    return warning(
      `${found}: what stands before the gateway fails`,
      "look again later; where it stays, ask who runs it",
    );
  return ok(found);
}

function judgeLatency({ facts: { answeredInMs }, timeoutMs }: GatewayView): Verdict {
  const found = `answered in ${Math.round(answeredInMs)} ms, connecting included`;
  if (timeoutMs === undefined) return ok(found);
  const cure = `raise ALIPAY_TIMEOUT_MS (${timeoutMs}), or move nearer: a call that is cut off is paid for all the same`;
  if (answeredInMs >= timeoutMs) return problem(`${found}: a call would be cut off`, cure);
  if (answeredInMs >= timeoutMs / 2) return warning(found, cure);
  return ok(found);
}
