-- A call was answered: it arrived at the gateway no later than the least latency ago that any replica saw in the last
-- five to ten minutes, as far as that can be believed. What was never faster than this was not slower on the way there.
-- Only ever shortens.
-- `now`, `exact`, `credit` and the names in capitals are from ledger-rules.ts.
-- KEYS  1 log   2 latency
-- ARGV  1 permit's id   2 ms since the call left
local latency = tonumber(ARGV[2])
local seen = redis.call('HMGET', KEYS[2], 'least', 'before', 'since', 'answers', 'answersBefore')
local least, before = tonumber(seen[1] or latency), tonumber(seen[2] or math.huge)
local since, known, answersBefore = tonumber(seen[3] or 0), tonumber(seen[4] or 0), tonumber(seen[5] or 0)
local answers = math.min(known + 1, ANSWERS_COUNTED)

if now - since >= LATENCY_PERIOD_MS then
  if since > 0 then
    before, answersBefore = least, known
    redis.call('HSET', KEYS[2], 'before', before, 'answersBefore', answersBefore)
  end
  least, answers = latency, 1
  redis.call('HSET', KEYS[2], 'v', 1, 'least', least, 'since', exact(now), 'answers', answers)
  redis.call('PEXPIRE', KEYS[2], 3 * LATENCY_PERIOD_MS)
elseif latency < least or answers ~= known then
  least = math.min(least, latency)
  redis.call('HSET', KEYS[2], 'least', least, 'answers', answers)
end
local believed = credit(math.min(least, before), answers + answersBefore)
return redis.call('ZADD', KEYS[1], 'XX', 'LT', exact(now - believed), ARGV[1])
