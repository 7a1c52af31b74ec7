import { brokerNames } from "../../../shared/amqp/broker-names.ts";
import type { BrokerConnection } from "../../../shared/amqp/connection.ts";
import { createPublisher } from "../../../shared/amqp/publisher.ts";
import { generateSample, type SampleOptions } from "../../sample/generate-sample.ts";
import { messageOf } from "../publish/message-of.ts";
import { publishRecords, type PublishReport } from "../publish/publish-records.ts";
import type { NumberedRecord } from "../publish/select-records.ts";
import type { RowAccounts } from "./row-accounts.ts";

export interface PublishSampleOptions extends SampleOptions {
  readonly connection: BrokerConnection;
  readonly namespace: string;
  readonly perSecond: number;
  readonly accounts: RowAccounts;
  readonly note: (line: string) => void;
  /** Ends the publishing; what was sent is still waited for. */
  readonly signal: AbortSignal;
}

/** Publishes the sample as `riskline sample | riskline publish -` would, and enters each row in the accounts. */
export async function publishSample(options: PublishSampleOptions): Promise<PublishReport> {
  const { connection, namespace, accounts, signal } = options;
  const target = {
    exchange: brokerNames(namespace).exchanges.transactions,
    routingKey: "transaction.standard",
  };
  const publisher = createPublisher(connection);
  try {
    return await publishRecords(recordsOf(options), {
      publisher,
      messageOf: (body) => {
        const message = messageOf(body, target);
        accounts.sent(body, message.properties.messageId, performance.now());
        return message;
      },
      perSecond: options.perSecond,
      signal,
      onSettled: (record) => accounts.confirmed(record.body()),
      onRepeat: (error) => options.note(`publishing again: ${error.message}`),
    });
  } finally {
    await publisher.close();
  }
}

async function* recordsOf(options: SampleOptions): AsyncGenerator<NumberedRecord> {
  let number = 0;
  for (const { line } of generateSample(options)) {
    number += 1;
    const body = Buffer.from(line);
    yield { file: "sample", line: number, number, fileBytes: body.length, body: () => body };
  }
}
