#!/bin/sh
# Takes results off a queue with the C tool amqp-consume, and hands each to a command.
#
#     examples/consume-results.sh
#
# Needs amqp-consume (Debian: apt install amqp-tools). AMQP_URL and NAMESPACE are as in Riskline's settings.
# QUEUE is a queue that is there. The command gets the JSON on its standard input; ending with 0 acks the result,
# anything else puts it back. Results come at least once: see consume_results.py for what to do about it.
set -eu

exec amqp-consume --url "${AMQP_URL:-amqp://localhost:5672}" --queue "${QUEUE:-${NAMESPACE:-risk}.results}" \
  --prefetch-count 10 -- sh -c 'cat && echo'
