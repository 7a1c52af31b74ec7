import { Registry, collectDefaultMetrics } from "prom-client";
import { callMetrics, type CallMetrics } from "./call-metrics.ts";
import { deliveryMetrics, type DeliveryMetrics } from "./delivery-metrics.ts";
import { healthMetrics, type HealthMetrics } from "./health-metrics.ts";
import { ledgerMetrics, type LedgerMetrics } from "./ledger-metrics.ts";
import { spendingMetrics, type SpendingMetrics } from "./spending-metrics.ts";
import { watchedMetrics, type WatchedMetrics } from "./watched-metrics.ts";

/** What the worker records. */
export interface Metrics
  extends DeliveryMetrics, CallMetrics, SpendingMetrics, LedgerMetrics, HealthMetrics, WatchedMetrics {}

/** The metrics as Prometheus reads them. */
export interface MetricsPage {
  readonly contentType: string;
  readonly render: () => Promise<string>;
}

/** Makes a registry of its own, with Node.js' process metrics in it. */
export function createMetrics(): { readonly metrics: Metrics; readonly page: MetricsPage } {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  return {
    metrics: {
      ...deliveryMetrics(registry),
      ...callMetrics(registry),
      ...spendingMetrics(registry),
      ...ledgerMetrics(registry),
      ...healthMetrics(registry),
      ...watchedMetrics(registry),
    },
    page: { contentType: registry.contentType, render: () => registry.metrics() },
  };
}
