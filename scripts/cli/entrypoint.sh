#!/bin/sh
# The image's way in. A worker's Node.js is started as worker-flags.js says; nothing else has a small heap.
if [ "$1" = worker ]; then
  exec node --max-semi-space-size=16 --max-old-space-size=512 --v8-pool-size=1 scripts/cli/riskline.js "$@"
fi
exec node scripts/cli/riskline.js "$@"
