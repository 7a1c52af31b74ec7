#!/usr/bin/python3
"""Takes results off a queue of its own, and prints each verdict once.

    /usr/bin/python3 examples/consume_results.py

Needs pika (Debian: apt install python3-pika). AMQP_URL and NAMESPACE are as in Riskline's settings.
QUEUE names the queue, ROUTING_KEY says what comes into it: result.decline, say. Ctrl-C or SIGTERM ends it.
A lost connection ends it, too: have it started again by what runs your services.
"""

import json
import os
import signal
import sys

import pika
from pika.exceptions import AMQPError

AMQP_URL = os.environ.get("AMQP_URL", "amqp://localhost:5672")
EXCHANGE = os.environ.get("NAMESPACE", "risk") + ".results"
QUEUE = os.environ.get("QUEUE", "shop.verdicts")
ROUTING_KEY = os.environ.get("ROUTING_KEY", "result.#")

# Results come at least once. Keep this in your database, in the same transaction as what a verdict changes there.
seen = set()


def on_result(channel, method, _properties, body):
    result = json.loads(body)
    key = (result["transactionId"], result["revision"])
    if key not in seen:
        print(result["transactionId"], result["verdict"], result["source"], flush=True)
        seen.add(key)
    channel.basic_ack(method.delivery_tag)  # last: what is not acked comes again


def main():
    connection = pika.BlockingConnection(pika.URLParameters(AMQP_URL))
    channel = connection.channel()
    # Durable: results wait here while nobody listens. The limit: RabbitMQ 4 drops what came back 20 times.
    arguments = {"x-queue-type": "quorum", "x-delivery-limit": 1_000_000}
    channel.queue_declare(QUEUE, durable=True, arguments=arguments)
    channel.queue_bind(QUEUE, EXCHANGE, ROUTING_KEY)
    channel.basic_qos(prefetch_count=100)
    channel.basic_consume(QUEUE, on_result)

    def stop(*_):
        connection.add_callback_threadsafe(channel.stop_consuming)

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    print(f"taking {ROUTING_KEY} off {QUEUE}", file=sys.stderr, flush=True)
    channel.start_consuming()
    connection.close()


if __name__ == "__main__":
    try:
        main()
    except AMQPError as error:
        sys.exit(f"ended: {error!r}")
