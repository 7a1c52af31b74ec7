import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { readDashboard } from "../../support/monitoring/monitoring-files.ts";

const COLUMNS = 24;
const dashboard = readDashboard();
const { panels } = dashboard;
const json = readFileSync(
  new URL("../../../deploy/monitoring/riskline.dashboard.json", import.meta.url),
  "utf8",
);

it("has a row for each thing that an operator asks about", () => {
  expect(panels.filter(({ type }) => type === "row").map(({ title }) => title)).toEqual([
    "Verdicts and latency",
    "Quota and brake",
    "Holds",
    "Backlog",
    "Dead letters",
    "Spend",
    "Replicas and servers",
  ]);
});

it("names each panel once", () => {
  const ids = panels.map(({ id }) => id);
  expect(new Set(ids).size).toBe(ids.length);
});

it("leaves no panel on top of another, and none outside", () => {
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) => {
    expect(x + w).toBeLessThanOrEqual(COLUMNS);
    return Array.from({ length: w * h }, (_, i) => `${x + (i % w)}/${y + Math.floor(i / w)}`);
  });
  expect(new Set(cells).size).toBe(cells.length);
});

it("gives the queries of a panel letters of their own", () => {
  for (const panel of panels) {
    const letters = panel.type === "row" ? [] : panel.targets.map(({ refId }) => refId);
    expect(new Set(letters).size).toBe(letters.length);
  }
});

it("uses the variables that it has, and those of Grafana", () => {
  const used = new Set([...json.matchAll(/\$\{?(\w+)/g)].map(([, name = ""]) => name));
  expect([...used].toSorted()).toEqual(["__rate_interval", "datasource", "job"]);
  const { list } = dashboard.templating;
  expect(list.map(({ name, type }) => `${name}: ${type}`)).toEqual(["datasource: datasource", "job: query"]);
});
