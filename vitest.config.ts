import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    projects: [
      // Some tests start processes, or count to a million, on a machine that may be busy.
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 20_000 } },
      {
        test: {
          name: "integration",
          include: ["test/{integration,faults}/**/*.test.ts"],
          globalSetup: "test/support/services.ts",
          // Real servers on a busy machine: a wait for an event may take a while, a failure to come may not.
          testTimeout: 30_000,
          hookTimeout: 60_000,
          // Of a concurrent suite: each test has an installation of its own, and they share the machine.
          maxConcurrency: 3,
        },
      },
      // Needs a container engine with Compose, and is no part of npm test.
      { test: { name: "compose", include: ["test/compose/**/*.test.ts"], testTimeout: 180_000 } },
    ],
  },
});
