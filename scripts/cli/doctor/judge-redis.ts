import { errorFields } from "../../../shared/process/error-fields.ts";
import { RedisProbeError, type RedisFacts } from "../../../shared/redis/probe-redis.ts";
import { explainTrouble } from "./explain-trouble.ts";
import { notChecked, ok, problem, warning, type Check, type Verdict } from "./finding.ts";
import { isOlderThan } from "./is-older-than.ts";
import { judgeOfServer } from "./judge-server.ts";

/** What Redis' checks look at. */
export interface RedisView {
  readonly facts: RedisFacts;
  readonly url: URL;
  readonly namespace: string;
}

type Info = Readonly<Record<string, string>>;

const fromInfo = (judge: (info: Info, view: RedisView) => Verdict) => (view: RedisView) =>
  view.facts.info === undefined
    ? notChecked("INFO is refused (see redis-rights)")
    : judge(view.facts.info, view);

/** Two round trips to Redis before a call must stay well under 250 ms (FRESH_FOR_MS in ledger-rules.ts). */
const SLOW_ROUND_TRIP_MS = 50;
/** Of `maxmemory`. */
const MEMORY_SHARE = { warning: 0.8, problem: 0.95 };

/** Everything about a Redis that answers. */
const CHECKS: readonly Check<RedisView>[] = [
  { id: "redis-version", judge: fromInfo(judgeVersion) },
  { id: "redis-mode", judge: fromInfo(judgeMode) },
  { id: "redis-role", judge: fromInfo(judgeRole) },
  { id: "redis-database", judge: judgeDatabase },
  { id: "redis-persistence", judge: fromInfo(judgePersistence) },
  { id: "redis-eviction", judge: fromInfo(judgeEviction) },
  { id: "redis-memory", judge: fromInfo(judgeMemory) },
  { id: "redis-rights", judge: judgeRights },
  { id: "redis-latency", judge: ({ facts }) => judgeLatency(facts.roundTripMs) },
];

export const redisJudge = judgeOfServer<RedisView>({
  group: "redis",
  answers: ({ url }) => `${url.host} answers`,
  explain: explainConnection,
  whyUnasked: "Redis cannot be asked",
  checks: CHECKS,
});

/** What Redis itself says at the door. */
const REPLIES: readonly { readonly sign: RegExp; readonly found: string; readonly cure: string }[] = [
  {
    sign: /NOAUTH/,
    found: "Redis wants a password, and REDIS_URL has none",
    cure: "put it into REDIS_URL: redis://:PASSWORD@host, or redis://USER:PASSWORD@host",
  },
  {
    sign: /WRONGPASS|invalid password/,
    found: "Redis refuses user name and password",
    cure: "mend user and password in REDIS_URL (as %-escapes where they are not plain letters)",
  },
  {
    sign: /without any password configured/,
    found: "REDIS_URL has a password, and this Redis knows none",
    cure: "take it out of REDIS_URL, or set one there (requirepass); look whether this is the right Redis",
  },
  {
    sign: /^LOADING/,
    found: "Redis is still loading its data",
    cure: "wait until it has, and look again",
  },
  {
    sign: /^DENIED|protected mode/,
    found: "Redis is in protected mode and talks to its own machine only",
    cure: "give it a password (requirepass) and bind it to the network that the workers are in",
  },
  {
    sign: /max number of clients/,
    found: "Redis has as many clients as it takes",
    cure: "raise maxclients, or find out who opens so many",
  },
];

function explainConnection(error: unknown, url: URL): Verdict {
  const { message } = errorFields(error);
  const reply = REPLIES.find(({ sign }) => sign.test(message));
  if (reply !== undefined) return problem(reply.found, reply.cure);
  const cause = error instanceof RedisProbeError ? error.cause : error;
  const { found, cure } = explainTrouble(cause, { what: "Redis", host: url.host, variable: "REDIS_URL" });
  return problem(found, cure);
}

function judgeVersion({ redis_version: version = "unknown" }: Info): Verdict {
  if (isOlderThan(version, "7.0")) return problem(`Redis ${version} is too old`, "update Redis to 7 or 8");
  return ok(`Redis ${version}`);
}

function judgeMode(info: Info): Verdict {
  if (info["redis_mode"] === "sentinel") {
    return problem("this is a Sentinel, which keeps no data", "name the primary in REDIS_URL");
  }
  if (info["cluster_enabled"] === "1") {
    return problem(
      "Redis Cluster is not supported: the ledger's script needs its keys in one place",
      "use one primary, with replicas behind it (cluster-enabled no)",
    );
  }
  return ok("one primary's keys, no cluster");
}

function judgeRole(info: Info): Verdict {
  if (info["role"] === "slave") {
    const primary = `${info["master_host"] ?? "unknown"}:${info["master_port"] ?? ""}`;
    return problem(
      `this is a replica of ${primary}: nothing can be written here`,
      "name the primary in REDIS_URL (or redis-cli REPLICAOF NO ONE, where this one is to be it)",
    );
  }
  return ok(`primary, ${info["connected_slaves"] ?? 0} replicas`);
}

function judgeDatabase({ facts: { databaseProblem }, url }: RedisView): Verdict {
  const database = url.pathname.slice(1) || "0";
  if (databaseProblem === undefined) return ok(`database ${database}`);
  return problem(
    `there is no database ${database}, or it may not be selected: ${databaseProblem}`,
    "name another one in the path of REDIS_URL, or raise `databases` in redis.conf",
  );
}

const KEEP_EVERYTHING =
  "redis-cli CONFIG SET appendonly yes, and appendonly yes in redis.conf, or the next restart forgets it";

function judgePersistence(info: Info, { facts }: RedisView): Verdict {
  if (info["aof_enabled"] === "0") {
    return problem(
      "no append-only file: a crash brings back an old state, with calls and outcomes forgotten",
      KEEP_EVERYTHING,
    );
  }
  if (info["aof_last_write_status"] === "err") {
    return problem(
      "the append-only file cannot be written",
      "free space where Redis keeps its data (its log says why)",
    );
  }
  switch (facts.config["appendfsync"]) {
    case "no":
      return warning(
        "appendfsync no: the system decides when it writes, so a crash loses up to half a minute",
        "redis-cli CONFIG SET appendfsync everysec, and appendfsync everysec in redis.conf",
      );
    case undefined:
      return ok("append-only file (appendfsync not known: CONFIG is refused)");
    default:
      return ok(`append-only file, appendfsync ${facts.config["appendfsync"]}`);
  }
}

function judgeEviction({ maxmemory_policy: policy = "unknown" }: Info): Verdict {
  if (policy === "noeviction") return ok("evicts nothing");
  return problem(
    `maxmemory-policy ${policy}: short of memory, Redis throws away calls and outcomes`,
    "redis-cli CONFIG SET maxmemory-policy noeviction, and maxmemory-policy noeviction in redis.conf",
  );
}

function judgeMemory(info: Info): Verdict {
  const [used, limit] = [Number(info["used_memory"]), Number(info["maxmemory"])];
  const most = limit === 0 ? Number(info["total_system_memory"]) : limit;
  const found = `${mebibytes(used)} of ${mebibytes(most)} MiB used${limit === 0 ? " (the machine's; maxmemory is not set)" : ""}`;
  const cure =
    "raise maxmemory, give the machine more, or shorten JOURNAL_TTL_SECONDS and RESULT_TTL_SECONDS";
  if (used > most * MEMORY_SHARE.problem) return problem(`${found}: writes are about to fail`, cure);
  if (used > most * MEMORY_SHARE.warning) return warning(found, cure);
  return ok(found);
}

const mebibytes = (bytes: number): string => Math.ceil(bytes / 1_048_576).toLocaleString("en-US");

function judgeRights({ facts: { rights }, namespace }: RedisView): Verdict {
  const user = rights.user ?? "this user";
  const grant = `ACL SETUSER ${rights.user ?? "USER"}`;
  if (!rights.mayRunScripts) {
    return problem(`"${user}" may not run scripts, which do all the work`, `${grant} +eval +evalsha`);
  }
  const problems = [
    ...(rights.commands.length === 0 ? [] : [`run ${rights.commands.join(", ")}`]),
    ...(rights.keyPatterns.length === 0 ? [] : [`use the keys ${rights.keyPatterns.join(", ")}`]),
  ];
  if (problems.length === 0) return ok(`"${user}" may do all that a worker does, with keys ${namespace}:*`);
  const rules = [
    ...rights.keyPatterns.map((pattern) => `~${pattern}`),
    ...rights.commands.map((name) => `+${name.toLowerCase()}`),
  ];
  return problem(`"${user}" may not ${problems.join(", nor ")}`, `${grant} ${rules.join(" ")}`);
}

function judgeLatency(roundTripMs: number): Verdict {
  const found = `answers in ${roundTripMs.toFixed(1)} ms`;
  if (roundTripMs < SLOW_ROUND_TRIP_MS) return ok(found);
  return warning(
    `${found}; a permit and its record take two of that, and above 250 ms no call is made at all`,
    "put Redis near the workers",
  );
}
