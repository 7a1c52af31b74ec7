-- An operator sets the quota of all replicas, or gives it back to their configuration.
-- `now` and `exact` are from ledger-rules.ts.
-- KEYS  1 audit   2 set quota
-- ARGV  1 act   2 by whom   3 reason   4 details, JSON   5 "calls/ms,calls/ms", or "" for what replicas configure
--       6 `at` of the set quota that the operator saw, or ""
-- Gives  1, or 0 where somebody else was faster
if (redis.call('HGET', KEYS[2], 'at') or '') ~= ARGV[6] then return 0 end

redis.call('HSET', KEYS[2], 'v', 1, 'by', ARGV[2], 'at', exact(now), 'reason', ARGV[3])
if ARGV[5] == '' then
  -- The rest stays, so that a Redis with old data cannot bring an older quota back: the replicas know what came last.
  redis.call('HDEL', KEYS[2], 'quota')
else
  redis.call('HSET', KEYS[2], 'quota', ARGV[5])
end
redis.call('XADD', KEYS[1], '*', 'v', 1, 'act', ARGV[1], 'by', ARGV[2], 'at', exact(now), 'reason', ARGV[3],
  'details', ARGV[4])
return 1
