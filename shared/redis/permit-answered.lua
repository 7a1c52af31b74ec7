-- A call was answered: it arrived at the gateway no later than the least latency ago that any replica saw in the last
-- five to ten minutes, as far as that can be believed. What was never faster than this was not slower on the way there.
-- Only ever shortens.
-- `now`, `exact`, `credit` and the names in capitals are from ledger-rules.ts.
-- KEYS  1 log   2 latency
-- ARGV  1 permit's id   2 ms since the call left
local latency = tonumber(ARGV[2])
local seen = redis.call('HMGET', KEYS[2], 'least', 'before', 'since', 'answers')
local least, before = tonumber(seen[1] or latency), tonumber(seen[2] or math.huge)
local since, known = tonumber(seen[3] or 0), tonumber(seen[4] or 0)
local answers = math.min(known + 1, ANSWERS_COUNTED)

if now - since >= LATENCY_PERIOD_MS then
  before = since > 0 and least or math.huge
  redis.call('HSET', KEYS[2], 'v', 1, 'least', latency, 'since', exact(now))
  if since > 0 then redis.call('HSET', KEYS[2], 'before', least) end
  redis.call('PEXPIRE', KEYS[2], 3 * LATENCY_PERIOD_MS)
  least = latency
elseif latency < least then
  redis.call('HSET', KEYS[2], 'least', latency)
  least = latency
end
if answers ~= known then redis.call('HSET', KEYS[2], 'answers', answers) end
return redis.call('ZADD', KEYS[1], 'XX', 'LT', exact(now - credit(math.min(least, before), answers)), ARGV[1])
