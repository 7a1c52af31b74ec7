import type { Delivery } from "../../shared/domain/delivery.ts";
import type { Disposition } from "../../shared/domain/disposition.ts";
import type { LogFields } from "../../shared/process/log-fields.ts";
import type { SettledDelivery } from "../../shared/process/delivery-metrics.ts";

/** The one log line of a settled delivery. */
export function logFieldsOf(delivery: Delivery, disposition: Disposition, ms: number): LogFields {
  const { lane } = delivery;
  const { action } = disposition;
  const common = { action, lane, ms: Math.round(ms) };
  switch (action) {
    case "complete": {
      const { transactionId, verdict, source, attempts, revision, traceId } = disposition.result;
      return {
        transactionId,
        verdict,
        source,
        calls: attempts,
        ...common,
        revision,
        traceId: traceId ?? undefined,
      };
    }
    case "dead-letter": {
      const { reason, attempts, code } = disposition.deadLetter;
      return { transactionId: disposition.transactionId, reason, calls: attempts, code, ...common };
    }
    case "wait": {
      const { transactionId, calls, cause } = disposition;
      return { transactionId, calls, ...common, cause };
    }
    case "give-back":
      return { transactionId: disposition.transactionId, ...common, cause: disposition.cause };
  }
}

/** The same for the metrics. */
export function metricsOf({ lane }: Delivery, disposition: Disposition, ms: number): SettledDelivery {
  switch (disposition.action) {
    case "complete":
      return { outcome: "result", source: disposition.result.source, lane, ms };
    case "dead-letter":
      return { outcome: "dead-letter", reason: disposition.deadLetter.reason, lane, ms };
    case "wait": {
      const { amount } = disposition;
      if (amount === undefined || lane === "waiting") return { outcome: "wait", lane, ms };
      const putOff = { currency: amount.currency, value: Number(amount.value) };
      return { outcome: "wait", putOff, lane, ms };
    }
    case "give-back":
      return { outcome: "give-back", lane, ms };
  }
}
