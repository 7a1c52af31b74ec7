import type { GatewayFacts } from "../../../shared/alipay/probe-gateway.ts";
import { explainTrouble } from "./explain-trouble.ts";
import { ok, problem, warning, type Check, type Verdict } from "./finding.ts";
import { judgeOfServer } from "./judge-server.ts";

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

export const gatewayJudge = judgeOfServer<GatewayView>({
  group: "gateway",
  answers: ({ url }) =>
    `${url.host} answers${url.protocol === "https:" ? ", with a certificate that is trusted" : ""}`,
  explain: explainConnection,
  whyUnasked: "the gateway does not answer",
  checks: CHECKS,
});

function explainConnection(error: unknown, { host }: URL): Verdict {
  const { found, cure } = explainTrouble(error, {
    what: "the gateway",
    host,
    variable: "ALIPAY_GATEWAY_URL",
  });
  return problem(found, cure);
}

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
