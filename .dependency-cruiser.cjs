/** Each driver is known in one folder only. Tests are not looked at: they may talk to the servers themselves. */
const DRIVERS = {
  "shared/alipay": ["alipay-sdk", "bottleneck", "p-retry", "undici"],
  "shared/amqp": ["amqplib"],
  "shared/process": ["pino", "prom-client"],
  "shared/redis": ["ioredis"],
  "scripts/services": ["testcontainers"],
};

const ADAPTERS = ["shared/alipay", "shared/amqp", "shared/process", "shared/redis"];

/** Of our own folders, which ones a folder may know; all others are forbidden to it. */
const KNOWLEDGE = [
  { name: "the-domain-knows-nobody", from: "^shared/domain/", to: ["^shared/domain/"] },
  ...ADAPTERS.map((adapter) => ({
    name: "an-adapter-knows-only-the-domain",
    from: `^${adapter}/`,
    to: [`^${adapter}/`, "^shared/domain/"],
  })),
  {
    name: "a-handler-knows-only-the-domain",
    from: "^workers/[^/]+/(handle|conclude)-",
    to: ["^shared/domain/", "^workers/[^/]+/conclude-"],
  },
  { name: "a-worker-knows-no-scripts", from: "^workers/", to: ["^workers/", "^shared/"] },
  // It verifies what the worker sends, so it shares no code with it.
  { name: "the-sandbox-knows-nobody", from: "^scripts/sandbox/", to: ["^scripts/sandbox/"] },
  { name: "services-know-nobody", from: "^scripts/services/", to: ["^scripts/services/"] },
];

/** @param {readonly string[]} names */
const packages = (names) => `^node_modules/(${names.join("|")})/`;

module.exports = {
  forbidden: [
    ...KNOWLEDGE.map(({ name, from, to }) => ({
      name,
      severity: "error",
      from: { path: from },
      to: { path: "^(shared|workers|scripts|test)/", pathNot: to },
    })),
    ...Object.entries(DRIVERS).map(([folder, names]) => ({
      name: `drivers-of-${folder}`,
      severity: "error",
      from: { pathNot: `^${folder}/` },
      to: { path: packages(names) },
    })),
    {
      name: "the-domain-is-pure",
      comment: "no I/O, clock, randomness or environment: of packages, only those that parse",
      severity: "error",
      from: { path: "^shared/domain/" },
      to: { pathNot: ["^shared/domain/", packages(["zod", "jsonc-parser", "currency-codes"])] },
    },
    {
      name: "nobody-knows-main",
      comment: "main.ts is where everything comes together; only the commands start it",
      severity: "error",
      from: { pathNot: "^scripts/cli/" },
      to: { path: "/main\\.ts$" },
    },
    {
      name: "nobody-knows-commands",
      comment: "commands are started by a person; a mapping, loaded by publish, says which shape it has",
      severity: "error",
      from: { pathNot: "^scripts/(cli|mappings)/" },
      to: { path: "^scripts/cli/" },
    },
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-orphans",
      comment: "a file that nobody knows and that knows nobody (unused exports: knip)",
      severity: "error",
      from: { orphan: true, pathNot: ["/remove-container-at-the-end\\.ts$"] },
      to: {},
    },
    { name: "no-missing-files", severity: "error", from: {}, to: { couldNotResolve: true } },
    {
      name: "no-development-packages-in-production",
      severity: "error",
      from: { path: "^(shared|workers)/" },
      to: { dependencyTypes: ["npm-dev", "npm-no-pkg", "npm-unknown"] },
    },
  ],
  options: {
    parser: "swc", // TypeScript 7 has no API to parse with
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: {
      conditionNames: ["import", "node", "default", "types"],
      exportsFields: ["exports"],
    },
  },
};
