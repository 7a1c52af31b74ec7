import { ConnectError } from "../../../shared/amqp/connect-error.ts";
import type { ComparedItem } from "../../../shared/amqp/compare-topology.ts";
import type { BrokerFacts } from "../../../shared/amqp/probe-broker.ts";
import { WANTED_LIMIT_BYTES } from "../../../shared/amqp/probe-message-limit.ts";
import type { BrokerRight } from "../../../shared/amqp/probe-rights.ts";
import { inGroups } from "../in-groups.ts";
import { explainTrouble } from "./explain-trouble.ts";
import { ok, problem, warning, type Check, type Verdict } from "./finding.ts";
import { isOlderThan } from "./is-older-than.ts";
import { judgeOfServer } from "./judge-server.ts";

/** What the broker's checks look at. */
export interface BrokerView {
  readonly facts: BrokerFacts;
  readonly url: URL;
  readonly namespace: string;
}

/** What a transaction may have, and room for the headers of a dead letter. */
const LEAST_LIMIT_BYTES = 128 * 1_024;

/** Everything about a broker that answers. */
const CHECKS: readonly Check<BrokerView>[] = [
  { id: "broker-version", judge: ({ facts }) => judgeVersion(facts) },
  { id: "broker-topology", judge: ({ facts }) => judgeTopology(facts.items) },
  { id: "broker-rights", judge: judgeRights },
  { id: "broker-alarm", judge: ({ facts: { publishing } }) => judgeAlarm(publishing) },
  { id: "broker-message-limit", judge: ({ facts: { publishing } }) => judgeLimit(publishing) },
  { id: "broker-consumers", judge: ({ facts }) => judgeConsumers(facts.items) },
];

export const brokerJudge = judgeOfServer<BrokerView>({
  group: "broker",
  answers: ({ url }) => `${url.host} answers, and takes name and password`,
  explain: explainConnection,
  whyUnasked: "there is no connection to the broker",
  checks: CHECKS,
});

/** What RabbitMQ refuses a connection for; ConnectError has said it well. */
const REFUSALS: readonly { readonly sign: RegExp; readonly cure: string }[] = [
  {
    sign: /wrong name or password/,
    cure: "mend user and password in AMQP_URL (as %-escapes where they are not plain letters)",
  },
  {
    sign: /virtual host/,
    cure: "mend the path of AMQP_URL, or: rabbitmqctl add_vhost VHOST, and rabbitmqctl set_permissions -p VHOST USER '.*' '.*' '.*'",
  },
];

function explainConnection(error: unknown, url: URL): Verdict {
  if (error instanceof ConnectError) {
    const refusal = REFUSALS.find(({ sign }) => sign.test(error.message));
    if (refusal !== undefined) return problem(error.message, refusal.cure);
  }
  const { found, cure } = explainTrouble(error, { what: "RabbitMQ", host: url.host, variable: "AMQP_URL" });
  return problem(found, cure);
}

function judgeVersion({ product, version }: BrokerFacts): Verdict {
  const name = `${product} ${version}`;
  if (product !== "RabbitMQ")
    return warning(`${name}: only RabbitMQ was ever tried`, "use RabbitMQ 3.10 or 4.x");
  if (isOlderThan(version, "3.10")) {
    return problem(`${name} is too old for what the queues need`, "update RabbitMQ to 3.10 or 4.x");
  }
  return ok(name);
}

function judgeTopology(items: readonly ComparedItem[]): Verdict {
  const different = items.filter(({ state }) => state === "different");
  const missing = items.filter(({ state }) => state === "missing");
  if (different.length > 0) {
    return problem(
      different.map(({ difference }) => difference).join("; "),
      `no worker starts like this: empty and delete it (rabbitmqctl delete_queue NAME), and whoever starts next declares it anew; or choose another NAMESPACE`,
    );
  }
  if (missing.length === items.length) return ok("not there yet: whoever starts first declares it");
  if (missing.length > 0) {
    return ok(`${missing.length} of ${items.length} names not there yet: whoever starts next declares them`);
  }
  return ok(`all ${items.length} exchanges and queues are there, with our arguments`);
}

function judgeRights({ facts, url, namespace }: BrokerView): Verdict {
  const { missingRights, publishing } = facts;
  const missing = [...missingRights, ...(publishing.kind === "open" ? publishing.missingRights : [])];
  const user = decodeURIComponent(url.username) || "guest";
  const unseen = publishing.kind === "open" ? "" : " (publishing not looked at, for the alarm)";
  const [first] = missing;
  if (first === undefined) return ok(`"${user}" may configure, write and read all of ours${unseen}`);
  const others = missing.length > 1 ? `, and ${missing.length - 1} more: ${rightsOf(missing)}` : "";
  const prefix = `^${namespace.replaceAll(".", String.raw`\.`)}[.]`;
  const vhost = decodeURIComponent(url.pathname.slice(1)) || "/";
  return problem(
    `"${user}" has no right to ${first.right} ${first.on}${others}`,
    `rabbitmqctl set_permissions -p '${vhost}' '${user}' '${prefix}' '(${prefix}|^amq[.]default$)' '${prefix}'`,
  );
}

const rightsOf = (rights: readonly BrokerRight[]): string =>
  [...new Set(rights.map(({ right }) => right))].join(", ");

function judgeAlarm(publishing: BrokerFacts["publishing"]): Verdict {
  if (publishing.kind === "open") return ok("takes messages");
  return problem(
    `takes no messages: ${publishing.reason}`,
    "free memory or disk on the broker (rabbitmq-diagnostics alarms says on which node); workers go on by themselves then",
  );
}

function judgeLimit(publishing: BrokerFacts["publishing"]): Verdict {
  if (publishing.kind === "blocked")
    return { level: "not-checked", found: "not checked: the broker takes no messages" };
  const { limit } = publishing;
  const cure = `max_message_size = ${WANTED_LIMIT_BYTES} in rabbitmq.conf`;
  if (limit.kind === "over-wanted") {
    return warning("messages over 1 MiB are taken, and held in memory before a worker can refuse them", cure);
  }
  const found = `messages up to ${inGroups(limit.bytes)} bytes are taken`;
  if (limit.bytes >= LEAST_LIMIT_BYTES) return ok(found);
  return problem(`${found}: too few for a transaction of 64 KiB with the headers of a dead letter`, cure);
}

function judgeConsumers(items: readonly ComparedItem[]): Verdict | undefined {
  const queues = items.filter(({ counts }) => counts !== undefined);
  if (queues.length === 0) return undefined;
  // Nobody of ours takes what is at the end of the line.
  const left = queues.filter(
    ({ name, counts }) => !isEndOfLine(name) && counts?.ready !== 0 && counts?.consumers === 0,
  );
  if (left.length === 0) return ok("no queue fills up without a consumer");
  return warning(
    `nobody takes from ${left.map(({ name, counts }) => `${name} (${inGroups(counts?.ready ?? 0)} ready)`).join(", ")}`,
    "start a worker for the lanes and the waiting queue; for results, let the payment system consume, or set RESULTS_QUEUE=off",
  );
}

const isEndOfLine = (name: string): boolean => /[.](?:dead-letters|undelivered-results)$/.test(name);
