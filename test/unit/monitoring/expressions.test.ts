import { expect, it } from "vitest";
import { createMetrics } from "../../../shared/process/metrics.ts";
import { allExpressions } from "../../support/monitoring/monitoring-files.ts";
import { unoffered } from "../../support/monitoring/unoffered.ts";

/** A worker's metrics, once it has seen ledger and broker. */
async function page(): Promise<string> {
  const { metrics, page: metricsPage } = createMetrics();
  const windowOf = (windowMs: number) => ({ windowMs, calls: 20, used: 1, effective: 20 });
  metrics.ledgerSeen(
    {
      windows: [windowOf(1_000), windowOf(3_600_000)],
      strikes: 0,
      brakeRemainingMs: 0,
      replicas: [],
      holds: [],
    },
    10,
  );
  const queues = ["transactions.standard", "waiting", "results", "dead-letters", "undelivered-results"];
  metrics.queuesCounted(queues.map((queue) => ({ queue, ready: 0, consumers: 0 })));
  metrics.deliverySettled({ outcome: "result", source: "alipay", lane: "standard", ms: 1 });
  return metricsPage.render();
}

it("alerts and dashboard ask for metrics, labels and values that a worker has", async () => {
  const expressions = allExpressions();
  expect(expressions.length).toBeGreaterThan(50);
  expect(unoffered(expressions, await page())).toEqual([]);
});

it.each([
  { expr: "riskline_hold", problem: "there is no riskline_hold" },
  { expr: 'rate(riskline_holds{kind="baned"}[5m]) > 0', problem: 'no riskline_holds has kind="baned"' },
  { expr: 'riskline_holds{sort="banned"}', problem: 'no riskline_holds has sort="banned"' },
  {
    expr: 'riskline_queue_ready{queue=~"transactions"}',
    problem: 'no riskline_queue_ready has queue=~"transactions"',
  },
  { expr: "sum by (job, reasons) (riskline_deliveries_total)", problem: "no metric has a label reasons" },
  { expr: "job:riskline_backlog:size > 0", problem: "job:riskline_backlog:size is not recorded" },
  {
    expr: 'job_window:riskline_quota_used:ratio{windows="1h"}',
    problem: "job_window:riskline_quota_used:ratio has no label windows",
  },
])("finds that $problem", async ({ expr, problem }) => {
  expect(unoffered([{ where: "here", expr }], await page())).toEqual([`here: ${problem}`]);
});

it("refuses what is not PromQL", () => {
  expect(() => unoffered([{ where: "here", expr: "sum by (job (up)" }], "")).toThrow("not PromQL");
});
