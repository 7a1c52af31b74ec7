#!/bin/sh
# Publishes transactions, one JSON text a line, with the C tool amqp-publish.
#
#     examples/publish-transactions.sh < payments.ndjson
#
# Needs amqp-publish (Debian: apt install amqp-tools). AMQP_URL and NAMESPACE are as in Riskline's settings.
# The tool waits for no confirms: it ends with 0 once all is sent and the connection is closed in order. So publish what
# got no result again (twice is harmless), or wait for confirms as publish_transactions.py does. It cuts lines
# of more than 32,767 bytes in two; a transaction is longer only where its metadata is huge.
set -eu

amqp-publish --url "${AMQP_URL:-amqp://localhost:5672}" \
  --exchange "${NAMESPACE:-risk}.transactions" --routing-key "transaction.${LANE:-standard}" \
  --persistent --content-type application/json --line-buffered
