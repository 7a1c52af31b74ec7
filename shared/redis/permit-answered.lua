-- A call was answered: it arrived at the gateway no later than so many ms ago. Only ever shortens.
-- `now` and `exact` are from ledger-rules.ts.
-- KEYS  1 log   ARGV  1 permit's id   2 ms ago
return redis.call('ZADD', KEYS[1], 'XX', 'LT', exact(now - ARGV[2]), ARGV[1])
