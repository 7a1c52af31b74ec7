import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { z } from "zod";

const FOLDER = new URL("../../../deploy/monitoring/", import.meta.url);
const text = (file: string): string => readFileSync(new URL(file, FOLDER), "utf8");

const ruleSchema = z.union([
  z.strictObject({ record: z.string(), expr: z.string() }),
  z.strictObject({
    alert: z.string(),
    expr: z.string(),
    for: z.string().optional(),
    labels: z.strictObject({ severity: z.enum(["critical", "warning", "info"]) }),
    annotations: z.strictObject({ summary: z.string(), runbook_url: z.string() }),
  }),
]);
const rulesSchema = z.strictObject({
  groups: z.array(z.strictObject({ name: z.string(), rules: z.array(ruleSchema) })),
});

/** All rules of riskline.rules.yml. */
export function readRules() {
  const { groups } = rulesSchema.parse(parse(text("riskline.rules.yml")));
  const rules = groups.flatMap((group) => group.rules);
  return {
    recorded: rules.flatMap((rule) => ("record" in rule ? [rule] : [])),
    alerts: rules.flatMap((rule) => ("alert" in rule ? [rule] : [])),
  };
}

const datasourceSchema = z.strictObject({ type: z.literal("prometheus"), uid: z.literal("${datasource}") });
const gridPosSchema = z.strictObject({
  h: z.int().positive(),
  w: z.int().positive(),
  x: z.int(),
  y: z.int(),
});
const panelSchema = z.object({
  id: z.int().positive(),
  title: z.string().min(1),
  gridPos: gridPosSchema,
});
const graphSchema = panelSchema.extend({
  type: z.enum(["timeseries", "stat"]),
  datasource: datasourceSchema,
  targets: z
    .array(z.object({ datasource: datasourceSchema, expr: z.string().min(1), refId: z.string() }))
    .min(1),
});
const rowSchema = panelSchema.extend({ type: z.literal("row"), panels: z.tuple([]) });
const dashboardSchema = z.object({
  uid: z.literal("riskline"),
  title: z.string(),
  schemaVersion: z.int().min(38), // Grafana 10.0
  templating: z.object({ list: z.array(z.object({ name: z.string(), type: z.string() })) }),
  annotations: z.object({ list: z.array(z.object({ name: z.string(), expr: z.string().optional() })) }),
  panels: z.array(z.discriminatedUnion("type", [rowSchema, graphSchema])),
});

/** riskline.dashboard.json, as Grafana reads it. */
export const readDashboard = () => dashboardSchema.parse(JSON.parse(text("riskline.dashboard.json")));

/** An expression, and where it stands. */
export interface Expression {
  readonly where: string;
  readonly expr: string;
}

/** Every expression of both files, with a value for what Grafana fills in. */
export function allExpressions(): Expression[] {
  const { recorded, alerts } = readRules();
  const { panels, annotations } = readDashboard();
  const inPanels = panels.flatMap((panel) =>
    panel.type === "row" ? [] : panel.targets.map(({ expr }) => ({ where: `panel ${panel.title}`, expr })),
  );
  const inAnnotations = annotations.list.flatMap(({ name, expr }) =>
    expr === undefined ? [] : [{ where: `annotation ${name}`, expr }],
  );
  return [
    ...recorded.map(({ record, expr }) => ({ where: record, expr })),
    ...alerts.map(({ alert, expr }) => ({ where: alert, expr })),
    ...[...inPanels, ...inAnnotations].map(({ where, expr }) => ({
      where,
      expr: expr.replaceAll("$__rate_interval", "1m").replaceAll("$job", ".+"),
    })),
  ];
}
