-- A limit answer: slows every replica, and is counted as a strike.
-- KEYS  1 state   2 strikes
-- ARGV  1 permit's id   2 ms since the call was permitted   3 ms that the gateway asks to wait, or 0
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local function exact(value) return string.format('%.3f', value) end

redis.call('ZADD', KEYS[2], exact(now), ARGV[1])
redis.call('PEXPIRE', KEYS[2], 25 * 3600000)

local state = redis.call('HMGET', KEYS[1], 'brakedAt', 'patienceUntil')
-- Calls sent before the brake was on tell nothing new.
if now - ARGV[2] > tonumber(state[1] or 0) then redis.call('HSET', KEYS[1], 'brakedAt', exact(now)) end
local patienceUntil = math.max(tonumber(state[2] or 0), now + ARGV[3])
if tonumber(ARGV[3]) > 0 then redis.call('HSET', KEYS[1], 'patienceUntil', exact(patienceUntil)) end
return redis.call('ZCARD', KEYS[2])
