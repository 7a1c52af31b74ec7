import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { createMetrics } from "../../../shared/process/metrics.ts";

const PAGE = new URL("../../../docs/metrics.md", import.meta.url);

it("names the metrics that a worker has, each once, and no others", async () => {
  const offered = await createMetrics().page.render();
  const names = [...offered.matchAll(/^# TYPE (riskline_\w+)/gm)].map(([, name]) => name);
  const told = [...readFileSync(PAGE, "utf8").matchAll(/`(riskline_\w+)/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThan(20);
  expect(new Set(told)).toEqual(new Set(names));
  expect(told).toHaveLength(names.length);
});
