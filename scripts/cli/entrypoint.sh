#!/bin/sh
# The image's way in. Workers start as worker-flags.js says; other commands may need a larger heap. With exec, so that
# signals reach Node.js.
if [ "$1" = worker ]; then
  exec node --max-semi-space-size=16 --max-old-space-size=512 --v8-pool-size=1 --no-allocation-site-pretenuring scripts/cli/riskline.js "$@"
fi
exec node scripts/cli/riskline.js "$@"
