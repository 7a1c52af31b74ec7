import { createGateway, type Gateway } from "../../shared/alipay/gateway.ts";
import type { Credentials } from "../../shared/alipay/official-sdk.ts";
import { RiskClient } from "../../shared/alipay/risk-client.ts";
import { roughValue } from "../../shared/domain/rough-value.ts";
import type { PatientJournal } from "../../shared/redis/journal/patient-journal.ts";
import type { PatientLedger } from "../../shared/redis/ledger/patient-ledger.ts";
import { retryPolicyOf } from "./worker-settings.ts";
import type { Worker } from "./worker.ts";

/** Sockets that are opened before the first call. */
const WARM_SOCKETS = 4;

/** What a call needs besides the worker. */
interface Calling {
  readonly credentials: Credentials;
  readonly journal: PatientJournal;
  readonly ledger: PatientLedger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

/** What makes the calls, over sockets that are open by then. */
export async function openRiskClient(worker: Worker, calling: Calling): Promise<RiskClient> {
  const { settings, metrics, shutdown, observers } = worker;
  const client = new RiskClient({
    gateway: await openGateway(worker, calling),
    ledger: calling.ledger,
    record: calling.journal,
    retryPolicy: retryPolicyOf(settings),
    worthOf: settings.quota.isValueFirst ? ({ amount }) => roughValue(amount) : () => 0,
    whenBudgetIsSpent: settings.spending.whenBudgetIsSpent,
    timeoutMs: settings.calls.timeoutMs,
    events: observers.calls,
  });
  shutdown.register("risk client", () => client.close());
  calling.ledger.watchOwnHold(() => client.ownHold);
  metrics.watch("callsInFlight", () => client.inFlight);
  metrics.watch("callsWaiting", () => client.waiting);
  return client;
}

async function openGateway({ settings, shutdown }: Worker, { credentials, now }: Calling): Promise<Gateway> {
  const { application, calls, quota } = settings;
  const gateway = createGateway({
    ...credentials,
    gatewayUrl: new URL(application.gatewayUrl),
    timeoutMs: calls.timeoutMs,
    banCodes: quota.banCodes,
    now,
  });
  shutdown.register("gateway", () => gateway.close(shutdown.hard));
  await gateway.warmUp(WARM_SOCKETS);
  return gateway;
}
