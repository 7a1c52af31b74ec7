import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { createServer as createTcpServer, type Server } from "node:net";
import { connect, type ChannelModel } from "amqplib";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { examine } from "../../../scripts/cli/doctor/examine.ts";
import { hasProblem, type Finding } from "../../../scripts/cli/doctor/finding.ts";
import { startSandbox, type Sandbox } from "../../../scripts/sandbox/start-sandbox.ts";
import { freePort } from "../../../scripts/services/free-port.ts";
import type { OwnServer } from "../../../scripts/services/server.ts";
import { startOwnServer } from "../../../scripts/services/start-own-server.ts";
import { brokerNames } from "../../../shared/amqp/broker-names.ts";
import { declareTopology } from "../../../shared/amqp/declare-topology.ts";
import { topologyOf } from "../../../shared/amqp/topology.ts";
import { listen } from "../../support/listen.ts";
import { newKeyPair } from "../../support/new-key-pair.ts";
import { newNamespace } from "../../support/new-namespace.ts";
import { preload, wrongClock } from "../../support/preload.ts";
import { sandboxKeys } from "../../support/sandbox-keys.ts";
import { servers } from "../../support/servers.ts";
import { riskline } from "../../unit/cli/riskline-process.ts";

type Changes = Readonly<Record<string, string>>;

const ignored = (): void => undefined;
const privatePem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();
const publicPem = (key: KeyObject): string => key.export({ type: "spki", format: "pem" }).toString();
const { app, gateway: gatewayKeys } = sandboxKeys();

let broker: OwnServer;
let model: ChannelModel;
let redisServer: OwnServer;
let redis: Redis;
let sandbox: Sandbox;

/** Users with all and with too few rights, in one run of the tool, which takes seconds to start. */
const MAKE_USERS = `
  [begin
     ok = rabbit_auth_backend_internal:add_user(User, <<"secret">>, <<"test">>),
     ok = rabbit_auth_backend_internal:set_permissions(User, <<"/">>, Configure, Write, Read, <<"test">>)
   end || {User, Configure, Write, Read} <- [
     {<<"reader">>, <<"">>, <<"">>, <<".*">>},
     {<<"writer">>, <<".*">>, <<".*">>, <<"">>},
     {<<"declarer">>, <<".*">>, <<"^test-[^.]*[.][a-z-]*(transactions|waiting).*">>, <<".*">>}]].`;

beforeAll(async () => {
  [broker, redisServer] = await Promise.all([
    startOwnServer("rabbitmq", { max_message_size: "1048576" }, ignored),
    startOwnServer("redis", {}, ignored),
  ]);
  await broker.run("rabbitmqctl", ["eval", MAKE_USERS]);
  model = await connect(broker.url);
  redis = new Redis(redisServer.url);
  sandbox = await startSandbox({
    appPublicKey: app.publicKey,
    gatewayPrivateKey: gatewayKeys.privateKey,
  });
}, 120_000);

afterAll(async () => {
  redis.disconnect();
  await model.close();
  await Promise.all([broker.stop(), redisServer.stop(), sandbox.close()]);
});

/** A set-up without fault, in names of its own. */
const soundSetUp = (): Record<string, string> => ({
  AMQP_URL: broker.url,
  REDIS_URL: redisServer.url,
  NAMESPACE: newNamespace(),
  ALIPAY_GATEWAY_URL: sandbox.url,
  ALIPAY_APP_ID: "2021000000000001",
  ALIPAY_PRIVATE_KEY: privatePem(app.privateKey),
  ALIPAY_PUBLIC_KEY: publicPem(gatewayKeys.publicKey),
  // The machine that runs the tests may be busy.
  ALIPAY_TIMEOUT_MS: "20000",
});

/** Everything that is found in a set-up with these changes. */
const findIn = (changes: Changes, withinMs = 20_000): Promise<Finding[]> =>
  examine({ onLooked: ignored, readSource: () => ({ ...soundSetUp(), ...changes }), withinMs });

/** A process has to start, on a machine that may be busy. */
const PROCESS_TIMEOUT_MS = 120_000;

/** What a busy machine says of itself, and of no set-up. */
const isOfTheMachine = ({ id, level }: Finding): boolean => level === "warning" && id.endsWith("-latency");

/** A broken set-up: what is changed, and which finding names it and its cure. */
interface Broken {
  readonly setUp: string;
  readonly changes: () => Changes | Promise<Changes>;
  readonly id: string;
  readonly level?: "warning";
  readonly found: string | RegExp;
  readonly cure: string | RegExp;
}

const withUser = (url: string, user: string, password: string): string =>
  url.replace("://", `://${user}:${password}@`);

const silentPort = async (): Promise<number> => {
  const sockets: { destroy(): void }[] = [];
  const server = createTcpServer((socket) => void sockets.push(socket));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return listen(server);
};

const standIn = async (server: Server, scheme: string): Promise<Changes> => {
  onTestFinished(() => void server.close());
  return { ALIPAY_GATEWAY_URL: `${scheme}://127.0.0.1:${await listen(server)}/gateway.do` };
};

const gatewayThat = (answers: RequestListener): Promise<Changes> =>
  standIn(createHttpServer(answers), "http");

const ownRedis = async (settings: Changes): Promise<Changes> => {
  const server = await startOwnServer("redis", settings, ignored);
  onTestFinished(() => server.stop());
  return { REDIS_URL: server.url };
};

/** Changes a setting of the shared Redis for one test. */
const redisWith = async (name: string, value: string, before: string): Promise<Changes> => {
  await redis.config("SET", name, value);
  onTestFinished(() => void redis.config("SET", name, before));
  return {};
};

const redisUser = async (...rules: string[]): Promise<Changes> => {
  await redis.acl("SETUSER", "clerk", "reset", "on", ">secret", ...rules);
  onTestFinished(() => void redis.acl("DELUSER", "clerk"));
  return { REDIS_URL: withUser(redisServer.url, "clerk", "secret") };
};

async function declared(): Promise<string> {
  const namespace = newNamespace();
  await declareTopology(model, topologyOf({ namespace, hasResultsQueue: true }));
  return namespace;
}

const SETTINGS: readonly Broken[] = [
  {
    setUp: "limits of verdicts that contradict each other",
    changes: () => ({ RISK_REVIEW_AT: "0.9" }),
    id: "settings-verdict-limits",
    found: "RISK_REVIEW_AT: must not be above RISK_DECLINE_AT",
    cure: "set RISK_REVIEW_AT",
  },
  {
    setUp: "a journal that forgets calls between two of them",
    changes: () => ({ JOURNAL_TTL_SECONDS: "20" }),
    id: "settings-journal-outlasts-pauses",
    found: "JOURNAL_TTL_SECONDS: must outlast",
    cure: "raise JOURNAL_TTL_SECONDS",
  },
  {
    setUp: "no application",
    changes: () => ({ ALIPAY_APP_ID: "" }),
    id: "settings-alipay-app-id",
    found: "ALIPAY_APP_ID: must be set",
    cure: "set ALIPAY_APP_ID",
  },
  {
    setUp: "a quota larger than the strikes bear",
    changes: () => ({ ALIPAY_QUOTA: "1000/1s" }),
    id: "settings-strikes-bear-quota",
    level: "warning",
    found: "LIMIT_STRIKES_PER_DAY: 10 calls may be under way",
    cure: "raise LIMIT_STRIKES_PER_DAY",
  },
  {
    setUp: "a word about the first start left on",
    changes: () => ({ ALIPAY_QUOTA_HISTORY: "none" }),
    id: "settings-history-left-on",
    level: "warning",
    found: "ALIPAY_QUOTA_HISTORY: none",
    cure: "take ALIPAY_QUOTA_HISTORY away",
  },
  {
    setUp: "a grace shorter than a call",
    changes: () => ({ SHUTDOWN_GRACE_MS: "100" }),
    id: "settings-grace-for-calls",
    level: "warning",
    found: "SHUTDOWN_GRACE_MS: shorter than",
    cure: "raise SHUTDOWN_GRACE_MS",
  },
  {
    setUp: "a misspelt variable",
    changes: () => ({ ALIPAY_TIMEOUT: "500" }),
    id: "settings-typo",
    level: "warning",
    found: "ALIPAY_TIMEOUT: not a setting; ALIPAY_TIMEOUT_MS was meant?",
    cure: "rename the variable",
  },
];

const CREDENTIALS: readonly Broken[] = [
  {
    setUp: "a private key of another kind",
    changes: () => ({
      ALIPAY_PRIVATE_KEY: privatePem(generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey),
    }),
    id: "credentials-private-key",
    found: "is of type ec; RSA2 needs RSA",
    cure: "riskline keys makes a pair",
  },
  {
    setUp: "swapped keys",
    changes: () => ({
      ALIPAY_PRIVATE_KEY: publicPem(gatewayKeys.publicKey),
      ALIPAY_PUBLIC_KEY: privatePem(app.privateKey),
    }),
    id: "credentials-private-key",
    found: "ALIPAY_PRIVATE_KEY is a public key",
    cure: "swap ALIPAY_PRIVATE_KEY and ALIPAY_PUBLIC_KEY",
  },
  {
    setUp: "a private key given as Alipay's public one",
    changes: () => ({ ALIPAY_PUBLIC_KEY: privatePem(newKeyPair().privateKey) }),
    id: "credentials-public-key",
    found: "ALIPAY_PUBLIC_KEY is a private key",
    cure: "Alipay's public key belongs there",
  },
  {
    setUp: "the application's own public key given as Alipay's",
    changes: () => ({ ALIPAY_PUBLIC_KEY: publicPem(createPublicKey(app.privateKey)) }),
    id: "credentials-own-public-key",
    found: "belongs to ALIPAY_PRIVATE_KEY",
    cure: "copy Alipay's public key (支付宝公钥) from the console",
  },
  {
    setUp: "a PEM text that is cut short",
    changes: () => ({ ALIPAY_PRIVATE_KEY: privatePem(app.privateKey).slice(0, 900) }),
    id: "credentials-private-key",
    found: "is cut short",
    cure: "copy all of it, from BEGIN to END",
  },
  {
    setUp: "a key that is too short",
    changes: () => ({
      ALIPAY_PRIVATE_KEY: privatePem(generateKeyPairSync("rsa", { modulusLength: 1_024 }).privateKey),
    }),
    id: "credentials-private-key",
    found: "has 1024 bits",
    cure: "riskline keys makes a pair that is long enough",
  },
  {
    setUp: "a key with a passphrase",
    changes: () => ({
      ALIPAY_PRIVATE_KEY: app.privateKey
        .export({ type: "pkcs8", format: "pem", cipher: "aes-256-cbc", passphrase: "x" })
        .toString(),
    }),
    id: "credentials-private-key",
    found: "protected by a passphrase",
    cure: "openssl pkey",
  },
];

const BROKER: readonly Broken[] = [
  {
    setUp: "a wrong password",
    changes: () => ({ AMQP_URL: withUser(broker.url, "reader", "hunter2") }),
    id: "broker-connection",
    found: 'refuses user "reader": wrong name or password',
    cure: "mend user and password in AMQP_URL",
  },
  {
    setUp: "a virtual host that is not there",
    changes: () => ({ AMQP_URL: `${broker.url}/elsewhere` }),
    id: "broker-connection",
    found: 'virtual host "elsewhere" of AMQP_URL does not exist',
    cure: "rabbitmqctl add_vhost",
  },
  {
    setUp: "a port where nobody listens",
    changes: () => ({ AMQP_URL: "amqp://127.0.0.1:1" }),
    id: "broker-connection",
    found: "nobody listens at 127.0.0.1:1",
    cure: "start RabbitMQ, or mend host and port in AMQP_URL",
  },
  {
    setUp: "a host without an address",
    changes: () => ({ AMQP_URL: "amqp://nowhere.internal" }),
    id: "broker-connection",
    found: "no address is known of nowhere.internal",
    cure: "mend the host's name in AMQP_URL",
  },
  {
    setUp: "TLS where the broker speaks none",
    changes: () => ({ AMQP_URL: broker.url.replace("amqp:", "amqps:") }),
    id: "broker-connection",
    found: "does not speak TLS",
    cure: "name its TLS port in AMQP_URL",
  },
  {
    setUp: "a user that may only read",
    changes: () => ({ AMQP_URL: withUser(broker.url, "reader", "secret") }),
    id: "broker-rights",
    found: /"reader" has no right to configure .* more: configure, write/,
    cure: /rabbitmqctl set_permissions -p '\/' 'reader' /,
  },
  {
    setUp: "a user that may not read",
    changes: () => ({ AMQP_URL: withUser(broker.url, "writer", "secret") }),
    id: "broker-rights",
    found: /"writer" has no right to .*read/,
    cure: "rabbitmqctl set_permissions",
  },
  {
    setUp: "a user that may publish nothing",
    changes: () => ({ AMQP_URL: withUser(broker.url, "declarer", "secret") }),
    id: "broker-rights",
    found: /"declarer" has no right to write queue "[^"]*[.]dead-letters" .*, and \d more: write$/,
    cure: "amq[.]default",
  },
  {
    setUp: "a queue with other arguments",
    changes: async () => {
      const NAMESPACE = await declared();
      const channel = await model.createChannel();
      const { waiting } = brokerNames(NAMESPACE);
      await channel.deleteQueue(waiting);
      await channel.assertQueue(waiting, { durable: true, arguments: { "x-queue-type": "quorum" } });
      await channel.close();
      return { NAMESPACE };
    },
    id: "broker-topology",
    found: /queue "[^"]*[.]waiting" exists with another x-dead-letter-exchange/,
    cure: "rabbitmqctl delete_queue",
  },
  {
    setUp: "an exchange of another type",
    changes: async () => {
      const NAMESPACE = newNamespace();
      const channel = await model.createChannel();
      await channel.assertExchange(brokerNames(NAMESPACE).exchanges.results, "fanout", { durable: true });
      await channel.close();
      return { NAMESPACE };
    },
    id: "broker-topology",
    found: /exchange "[^"]*[.]results" exists with another type/,
    cure: "choose another NAMESPACE",
  },
  {
    setUp: "a broker that takes large messages",
    changes: () => ({ AMQP_URL: servers().amqpUrl }),
    id: "broker-message-limit",
    level: "warning",
    found: "messages over 1 MiB are taken",
    cure: "max_message_size = 1048576",
  },
  {
    setUp: "a broker that is short of disk",
    changes: async () => {
      await broker.run("rabbitmqctl", [
        "eval",
        "rabbit_alarm:set_alarm({{resource_limit, disk, node()}, []}).",
      ]);
      onTestFinished(() =>
        broker.run("rabbitmqctl", ["eval", "rabbit_alarm:clear_alarm({resource_limit, disk, node()})."]),
      );
      return {};
    },
    id: "broker-alarm",
    found: "takes no messages: low on disk",
    cure: "free memory or disk",
  },
  {
    setUp: "results that nobody takes",
    changes: async () => {
      const NAMESPACE = await declared();
      const channel = await model.createConfirmChannel();
      channel.sendToQueue(brokerNames(NAMESPACE).results, Buffer.from("{}"));
      await channel.waitForConfirms();
      await channel.close();
      return { NAMESPACE };
    },
    id: "broker-consumers",
    level: "warning",
    found: /nobody takes from [^ ]*[.]results \(1 ready\)/,
    cure: "let the payment system consume",
  },
];

const REDIS: readonly Broken[] = [
  {
    setUp: "a port where nobody listens",
    changes: () => ({ REDIS_URL: "redis://127.0.0.1:1" }),
    id: "redis-connection",
    found: "nobody listens at 127.0.0.1:1",
    cure: "start Redis, or mend host and port in REDIS_URL",
  },
  {
    setUp: "no password where one is wanted",
    changes: () => redisWith("requirepass", "secret", ""),
    id: "redis-connection",
    found: "Redis wants a password",
    cure: "put it into REDIS_URL",
  },
  {
    setUp: "a wrong password",
    changes: async () => {
      await redisUser("+@all", "~*");
      return { REDIS_URL: withUser(redisServer.url, "clerk", "hunter2") };
    },
    id: "redis-connection",
    found: "refuses user name and password",
    cure: "mend user and password in REDIS_URL",
  },
  {
    setUp: "a password that this Redis knows nothing of",
    changes: () => ({ REDIS_URL: redisServer.url.replace("://", "://:hunter2@") }),
    id: "redis-connection",
    found: "REDIS_URL has a password, and this Redis knows none",
    cure: "take it out of REDIS_URL",
  },
  {
    setUp: "snapshots only",
    changes: () => redisWith("appendonly", "no", "yes"),
    id: "redis-persistence",
    found: "no append-only file",
    cure: "CONFIG SET appendonly yes",
  },
  {
    setUp: "an append-only file written when the system likes",
    changes: () => redisWith("appendfsync", "no", "everysec"),
    id: "redis-persistence",
    level: "warning",
    found: "appendfsync no",
    cure: "CONFIG SET appendfsync everysec",
  },
  {
    setUp: "eviction",
    changes: () => redisWith("maxmemory-policy", "allkeys-lru", "noeviction"),
    id: "redis-eviction",
    found: "maxmemory-policy allkeys-lru",
    cure: "maxmemory-policy noeviction",
  },
  {
    setUp: "hardly any memory left",
    changes: () => redisWith("maxmemory", "1000000", "0"),
    id: "redis-memory",
    found: "writes are about to fail",
    cure: "raise maxmemory",
  },
  {
    setUp: "a replica",
    changes: async () => {
      const { hostname, port } = new URL(redisServer.url);
      return ownRedis({ replicaof: `${hostname} ${port}` });
    },
    id: "redis-role",
    found: "this is a replica of",
    cure: "name the primary in REDIS_URL",
  },
  {
    setUp: "a cluster",
    // Its second port would be the first and 10,000, which an outgoing connection may have.
    changes: async () => ownRedis({ "cluster-enabled": "yes", "cluster-port": String(await freePort()) }),
    id: "redis-mode",
    found: "Redis Cluster is not supported",
    cure: "use one primary",
  },
  {
    setUp: "a database that is not there",
    changes: () => ({ REDIS_URL: `${redisServer.url}/99` }),
    id: "redis-database",
    found: "there is no database 99",
    cure: "in the path of REDIS_URL",
  },
  {
    setUp: "a user that may not run scripts",
    changes: () => redisUser("+@all", "-@scripting", "~*"),
    id: "redis-rights",
    found: '"clerk" may not run scripts',
    cure: "ACL SETUSER clerk +eval +evalsha",
  },
  {
    setUp: "a user without some commands, INFO among them",
    changes: () => redisUser("+@all", "-info", "-xadd", "~*"),
    id: "redis-rights",
    found: '"clerk" may not run INFO, XADD',
    cure: "ACL SETUSER clerk +info +xadd",
  },
  {
    setUp: "a user with other keys than ours",
    changes: () => redisUser("+@all", "~risk:*"),
    id: "redis-rights",
    found: /may not use the keys test-[^ ]*:\*, riskline:quota:\*/,
    cure: "~riskline:quota:*",
  },
  {
    setUp: "a user without the ledger's keys",
    changes: () => redisUser("+@all", "~test-*"),
    id: "redis-rights",
    found: "may not use the keys riskline:quota:*",
    cure: "ACL SETUSER clerk ~riskline:quota:*",
  },
];

const GATEWAY: readonly Broken[] = [
  {
    setUp: "a port where nobody listens",
    changes: () => ({ ALIPAY_GATEWAY_URL: "http://127.0.0.1:1/gateway.do" }),
    id: "gateway-connection",
    found: "nobody listens at 127.0.0.1:1",
    cure: "mend host and port in ALIPAY_GATEWAY_URL",
  },
  {
    setUp: "a certificate that nobody vouches for",
    changes: () => {
      const pem = readFileSync(new URL("../../unit/alipay/untrusted-server.pem", import.meta.url));
      return standIn(createHttpsServer({ key: pem, cert: pem }), "https");
    },
    id: "gateway-connection",
    found: "the TLS certificate of 127.0.0.1",
    cure: "NODE_EXTRA_CA_CERTS",
  },
  {
    setUp: "TLS where the gateway speaks none",
    changes: () => ({ ALIPAY_GATEWAY_URL: sandbox.url.replace("http:", "https:") }),
    id: "gateway-connection",
    found: "does not speak TLS",
    cure: "ALIPAY_GATEWAY_URL",
  },
  {
    setUp: "a clock ten minutes from the gateway's",
    changes: () =>
      gatewayThat((_, response) => {
        response.setHeader("date", new Date(Date.now() - 600_000).toUTCString()).end();
      }),
    id: "gateway-clock",
    found:
      /Redis' clock, by which calls are stamped, is \d+ min.* ahead of the gateway's: every call is refused/,
    cure: "set the clock of Redis' machine",
  },
  {
    setUp: "a path without a gateway",
    changes: () => gatewayThat((_, response) => void response.writeHead(404).end()),
    id: "gateway-answer",
    found: "no gateway at this path",
    cure: "mend the path of ALIPAY_GATEWAY_URL",
  },
  {
    setUp: "a redirect",
    changes: () =>
      gatewayThat((_, response) => void response.writeHead(302, { location: "https://other" }).end()),
    id: "gateway-answer",
    found: "calls follow no redirect",
    cure: "name the address in ALIPAY_GATEWAY_URL",
  },
  {
    setUp: "answers that come after the deadline",
    changes: async () => ({
      ...(await gatewayThat((_, response) => void setTimeout(() => response.end(), 150))),
      ALIPAY_TIMEOUT_MS: "100",
    }),
    id: "gateway-latency",
    found: "a call would be cut off",
    cure: "raise ALIPAY_TIMEOUT_MS",
  },
];

describe.each([
  ["settings", SETTINGS],
  ["credentials", CREDENTIALS],
  ["broker", BROKER],
  ["redis", REDIS],
  ["gateway", GATEWAY],
] as const)("doctor names what is wrong with the %s", (group, table) => {
  it.each(table)("$setUp", async ({ changes, id, level = "problem", found, cure }) => {
    const findings = await findIn(await changes());
    const finding = findings.find((each) => each.id === id);
    expect(finding).toMatchObject({ group, level, found: expect.stringMatching(asPattern(found)) });
    expect(finding).toHaveProperty("cure", expect.stringMatching(asPattern(cure)));
    expect(hasProblem(findings)).toBe(level === "problem");
    // Nothing else is blamed for it.
    const elsewhere = findings.filter((each) => each.group !== group && !isOfTheMachine(each));
    expect(elsewhere.filter(({ level: other }) => other === "problem" || other === "warning")).toEqual([]);
    expect(JSON.stringify(findings)).not.toMatch(/hunter2|secret|PRIVATE KEY-/);
  });
});

const asPattern = (text: string | RegExp): RegExp =>
  typeof text === "string" ? new RegExp(text.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)) : text;

it(
  "finds nothing but ok in a set-up without fault, and changes nothing there",
  async () => {
    const NAMESPACE = await declared();
    const keysBefore = (await redis.keys("*")).length;
    const { status, stdout, stderr } = await riskline(["doctor", "--json"], {
      env: { ...soundSetUp(), NAMESPACE },
    });
    const findings: Finding[] = JSON.parse(stdout);
    expect(findings.filter((finding) => finding.level !== "ok" && !isOfTheMachine(finding))).toEqual([]);
    expect(findings.length).toBeGreaterThan(25);
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect((await redis.keys("*")).length).toBe(keysBefore);
    expect(sandbox.report().calls.wellSigned).toBe(0);
  },
  PROCESS_TIMEOUT_MS,
);

it("declares nothing where nothing is declared", async () => {
  const NAMESPACE = newNamespace();
  const findings = await findIn({ NAMESPACE });
  expect(findings.find(({ id }) => id === "broker-topology")).toMatchObject({
    level: "ok",
    found: expect.stringContaining("not there yet"),
  });
  const channel = await model.createChannel();
  channel.on("error", ignored);
  await expect(channel.checkExchange(brokerNames(NAMESPACE).exchanges.transactions)).rejects.toThrow(
    "NOT_FOUND",
  );
});

it(
  "looks at the rest where settings have problems, and says what it could not check",
  async () => {
    const { status, stdout } = await riskline(["doctor"], {
      env: { ...soundSetUp(), ALIPAY_PRIVATE_KEY: "", RETRY_LIMIT: "9", AMQP_URL: "http://broker" },
    });
    expect(status).toBe(1);
    expect(stdout).toContain("✗ settings-alipay-private-key");
    expect(stdout).toContain("✗ settings-retry-limit");
    expect(stdout).toContain("not checked: AMQP_URL cannot be read");
    expect(stdout).toMatch(/✓ credentials-public-key +Alipay's, RSA, 2048 bits/);
    expect(stdout).toMatch(/✓ redis-persistence/);
    expect(stdout).toMatch(/^\d+ problems, /m);
  },
  PROCESS_TIMEOUT_MS,
);

it("gives up on what never answers", async () => {
  const port = await silentPort();
  const silent = {
    AMQP_URL: `amqp://127.0.0.1:${port}`,
    REDIS_URL: `redis://127.0.0.1:${port}`,
    ALIPAY_GATEWAY_URL: `http://127.0.0.1:${port}/gateway.do`,
  };
  const findings = await findIn(silent, 500);
  for (const group of ["broker", "redis", "gateway"]) {
    expect(findings.find(({ id }) => id === `${group}-connection`)).toMatchObject({
      level: "problem",
      found: `127.0.0.1:${port} does not answer in time`,
      cure: expect.stringContaining("firewall"),
    });
  }
});

it(
  "tells that this machine's clock is not Redis' nor the gateway's, which is no problem: calls go by Redis'",
  async () => {
    const { status, stdout } = await riskline(["doctor", "--json"], {
      env: { ...soundSetUp(), ...preload(wrongClock({ offByMs: -600_000 })) },
    });
    const findings: Finding[] = JSON.parse(stdout);
    expect(findings.find(({ id }) => id === "redis-clock")).toMatchObject({
      level: "warning",
      found: expect.stringMatching(/this machine's clock is .* behind Redis'/),
      cure: expect.stringContaining("chrony"),
    });
    expect(findings.find(({ id }) => id === "gateway-clock")).toMatchObject({ level: "ok" });
    expect(status).toBe(0);
  },
  PROCESS_TIMEOUT_MS,
);
