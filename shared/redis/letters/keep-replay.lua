-- Whoever runs a replay says how far it is, or how it ended.
-- KEYS  1 the replay   ARGV  1 who runs it   2 state   3 counts   4 ms that it counts as alive, 0 where it ended
-- Gives  "lost" where somebody else took it up since, and nothing was written; "pause" where that is wanted; else "kept"
if redis.call('HGET', KEYS[1], 'runner') ~= ARGV[1] then return 'lost' end
local time = redis.call('TIME')
local ms = tonumber(ARGV[4])
local aliveUntil = ms > 0 and time[1] * 1000 + math.floor(time[2] / 1000) + ms or 0
redis.call('HSET', KEYS[1], 'state', ARGV[2], 'counts', ARGV[3], 'aliveUntil', aliveUntil)
if redis.call('HGET', KEYS[1], 'wanted') ~= 'pause' then return 'kept' end
if ms == 0 then redis.call('HDEL', KEYS[1], 'wanted') end
return 'pause'
