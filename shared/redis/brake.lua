-- A limit answer: slows every replica, and is counted as a strike.
-- `now`, `exact` and the names in capitals are from ledger-rules.ts.
-- KEYS  1 state   2 strikes
-- ARGV  1 permit's id   2 ms since the call left   3 ms that the gateway asks to wait, or 0
redis.call('ZADD', KEYS[2], exact(now), ARGV[1])
redis.call('PEXPIRE', KEYS[2], STRIKE_MEMORY_MS + 3600000)

local state = redis.call('HMGET', KEYS[1], 'brakedAt', 'patienceUntil')
-- Calls that left before the brake was on tell nothing new.
if now - ARGV[2] > tonumber(state[1] or 0) then redis.call('HSET', KEYS[1], 'brakedAt', exact(now)) end
local patienceUntil = math.max(tonumber(state[2] or 0), now + ARGV[3])
if tonumber(ARGV[3]) > 0 then redis.call('HSET', KEYS[1], 'patienceUntil', exact(patienceUntil)) end
return redis.call('ZCARD', KEYS[2])
