import type { RedisClient } from "../../shared/redis/connection.ts";
import { startHeartbeat } from "../../shared/redis/ledger/heartbeat.ts";
import { PatientLedger } from "../../shared/redis/ledger/patient-ledger.ts";
import { QuotaLedger, type LedgerSettings } from "../../shared/redis/ledger/quota-ledger.ts";
import { ledgerOf } from "./worker-settings.ts";
import type { Worker } from "./worker.ts";

/** The quota that all replicas share; from here on, this one is counted among them. */
export function openLedger(
  redis: RedisClient,
  worker: Worker,
  { onBegunAnew }: Pick<LedgerSettings, "onBegunAnew">,
): PatientLedger {
  const { settings, name, observers } = worker;
  const { quota, calls } = settings;
  const ledger = new QuotaLedger(redis, {
    ...ledgerOf(settings),
    quota: quota.windows,
    history: quota.history,
    timeoutMs: calls.timeoutMs,
    freezeMs: quota.freezeMs,
    strikesPerDay: quota.limitStrikesPerDay,
    worker: name,
    ...observers.ledger,
    onBegunAnew,
  });
  const patient = new PatientLedger(ledger, { ...observers.redis, lastMoment: worker.shutdown.hard });
  const stopHeartbeat = startHeartbeat({
    beat: () => patient.heartbeat(),
    onSeen: (overview) => {
      observers.redis.onAnswer();
      worker.metrics.ledgerSeen(overview, quota.limitStrikesPerDay);
    },
    onTrouble: observers.redis.onTrouble,
  });
  worker.shutdown.register("ledger's heartbeat", stopHeartbeat);
  return patient;
}
