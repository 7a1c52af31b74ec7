import { brokerNames } from "../../../shared/amqp/broker-names.ts";
import { createPublisher } from "../../../shared/amqp/publisher.ts";
import type { Lane } from "../../../shared/domain/delivery.ts";
import { connectToBroker, type ConnectToBrokerOptions } from "../connect-to-broker.ts";
import { messageOf } from "./message-of.ts";
import { showProgress, totalOf } from "./progress.ts";
import { publishRecords, type PublishReport } from "./publish-records.ts";
import { readRecords } from "./read-records.ts";
import { selectRecords, type Selection } from "./select-records.ts";
import type { Source } from "./source.ts";

interface PublishSourcesOptions extends Selection {
  readonly settings: ConnectToBrokerOptions["settings"];
  readonly lane: Lane;
  /** Per second at most. */
  readonly rate: number;
}

/** What was published, where to and how fast. */
export interface Publication {
  readonly report: PublishReport;
  readonly exchange: string;
  readonly routingKey: string;
  readonly seconds: number;
  /** From the beginning of the first file so many records are published, refused or were skipped: where to go on. */
  readonly settledRecords: number;
  /** Every selected record is published. */
  readonly isComplete: boolean;
}

/** Connects, publishes the selected records, and waits for all confirms, also when the signal ends it early. */
export async function publishSources(
  sources: readonly Source[],
  options: PublishSourcesOptions,
  signal: AbortSignal,
): Promise<Publication> {
  const { settings, lane, rate, skip } = options;
  const exchange = brokerNames(settings.installation.namespace).exchanges.transactions;
  const routingKey = `transaction.${lane}`;
  const progress = showProgress("published", totalOf(sources, options));
  try {
    const connection = await connectToBroker({ settings, command: "publish", note: progress.note, signal });
    const publisher = createPublisher(connection);
    signal.addEventListener("abort", () =>
      progress.note("waiting for the last confirms; once more ends at once"),
    );
    const startedAt = performance.now();
    const report = await publishRecords(selectRecords(readRecords(sources, signal), options, progress.skip), {
      publisher,
      messageOf: (body) => messageOf(body, { exchange, routingKey }),
      perSecond: rate,
      signal,
      onSettled: progress.advance,
      onRepeat: (error) => progress.note(`publishing again: ${error.message}`),
    });
    const seconds = (performance.now() - startedAt) / 1_000;
    await publisher.close();
    await connection.close();
    return {
      report,
      exchange,
      routingKey,
      seconds,
      settledRecords: report.settledUpTo?.number ?? skip,
      isComplete: report.refused.count === 0 && report.failure === undefined && !signal.aborted,
    };
  } finally {
    progress.end();
  }
}
