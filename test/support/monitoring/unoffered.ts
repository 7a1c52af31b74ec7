import { readRules, type Expression } from "./monitoring-files.ts";
import { usesOf, type Selector } from "./selectors.ts";

type Labels = Readonly<Record<string, string>>;

/** What Prometheus gives every series that it scrapes. */
const TARGET: Labels = { job: "riskline", instance: "127.0.0.1:9464" };
/** What it makes by itself. */
const MADE: Readonly<Record<string, Labels>> = {
  up: TARGET,
  ALERTS: { ...TARGET, alertname: "RisklineFrozen", alertstate: "firing" },
};

/** What expressions use and a page of metrics does not offer: names, labels, and values of labels. */
export function unoffered(expressions: readonly Expression[], page: string): string[] {
  const offered = seriesOf(page);
  return expressions.flatMap(({ where, expr }) => {
    const { selectors, groupings } = usesOf(expr);
    const labels = new Set(selectors.flatMap((selector) => labelsOf(selector.metric, offered)));
    return [
      ...selectors.flatMap((selector) => problemOf(selector, offered) ?? []),
      ...groupings.filter((label) => !labels.has(label)).map((label) => `no metric has a label ${label}`),
    ].map((problem) => `${where}: ${problem}`);
  });
}

/** The labels that each series of a metric has. */
type Offered = ReadonlyMap<string, readonly Labels[]>;

function seriesOf(page: string): Offered {
  const offered = new Map<string, Labels[]>(Object.entries(MADE).map(([name, labels]) => [name, [labels]]));
  for (const [, name = "", labels = ""] of page.matchAll(/^([a-z_][a-z0-9_]*)(?:\{(.*)\})? \S+$/gm)) {
    const series: Record<string, string> = { ...TARGET };
    for (const [, label = "", value = ""] of labels.matchAll(/(\w+)="([^"]*)"/g)) series[label] = value;
    offered.set(name, [...(offered.get(name) ?? []), series]);
  }
  return offered;
}

/** A recorded metric begins with the labels that it has: `job_window:riskline_quota_used:ratio`. */
function labelsOf(metric: string, offered: Offered): string[] {
  const [level = "", ...rest] = metric.split(":");
  if (rest.length > 0) return level === "riskline" ? [] : level.split("_");
  return (offered.get(metric) ?? []).flatMap((series) => Object.keys(series));
}

function problemOf(selector: Selector, offered: Offered): string | undefined {
  const { metric, matchers } = selector;
  const labels = labelsOf(metric, offered);
  if (metric.includes(":")) {
    if (!readRules().recorded.some(({ record }) => record === metric)) return `${metric} is not recorded`;
    const strange = matchers.find(({ label }) => !labels.includes(label));
    return strange && `${metric} has no label ${strange.label}`;
  }
  const series = offered.get(metric);
  if (series === undefined) return `there is no ${metric}`;
  if (series.some((one) => matchers.every((matcher) => matches(matcher, one)))) return undefined;
  return `no ${metric} has ${matchers.map((m) => `${m.label}${m.operator}"${m.value}"`).join(", ")}`;
}

function matches({ label, operator, value }: Selector["matchers"][number], series: Labels): boolean {
  const actual = series[label];
  if (actual === undefined) return false; // Prometheus would take it for empty; we mean what we write
  const isSame = operator.includes("~") ? new RegExp(`^(?:${value})$`).test(actual) : actual === value;
  return operator.startsWith("!") ? !isSame : isSame;
}
