#!/usr/bin/python3
"""Publishes transactions, one JSON text a line, and says of each whether the broker has it.

    /usr/bin/python3 examples/publish_transactions.py < payments.ndjson

Needs pika (Debian: apt install python3-pika). AMQP_URL and NAMESPACE are as in Riskline's settings.
Ends with 1 where one was not confirmed: publish it again. Twice is harmless, a transaction has one answer.
"""

import json
import os
import sys

import pika
from pika.exceptions import AMQPError

AMQP_URL = os.environ.get("AMQP_URL", "amqp://localhost:5672")
EXCHANGE = os.environ.get("NAMESPACE", "risk") + ".transactions"
ROUTING_KEY = "transaction." + os.environ.get("LANE", "standard")


def publish(channel, body):
    """Returns the transaction's id once the broker has it for good; raises otherwise."""
    transaction_id = json.loads(body)["transactionId"]
    properties = pika.BasicProperties(
        content_type="application/json",
        delivery_mode=2,  # persistent
        message_id=transaction_id,
        correlation_id=transaction_id,  # yours to choose; comes back with the result
    )
    # mandatory: a message that no queue takes is an error, not a loss.
    channel.basic_publish(EXCHANGE, ROUTING_KEY, body, properties, mandatory=True)
    return transaction_id


def main():
    connection = pika.BlockingConnection(pika.URLParameters(AMQP_URL))
    channel = connection.channel()
    channel.confirm_delivery()  # from here on, basic_publish waits for the broker's confirm
    refused = 0
    for number, line in enumerate(sys.stdin.buffer, start=1):
        try:
            print("confirmed", publish(channel, line.strip()), flush=True)
        except (ValueError, KeyError, TypeError) as error:
            refused += 1
            print(f"line {number}: not published: {error!r}", file=sys.stderr)
    connection.close()
    return 1 if refused else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except AMQPError as error:
        sys.exit(f"not confirmed: {error!r}")
