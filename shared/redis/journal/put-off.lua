-- Gives the claim of a transaction back that goes to wait, and counts it among those that were put off: once, however
-- often it goes round, and whoever sends it.
-- KEYS  1 the transaction's journal   2 what was put off on this day
-- ARGV  1 token   2 currency   3 amount, in its smallest unit   4 time to live of the day's, s
local journal = redis.call('HMGET', KEYS[1], 'v', 'token', 'putOff')
if journal[2] == ARGV[1] then redis.call('HDEL', KEYS[1], 'token', 'leaseUntil') end
-- A journal that is lost must not be made anew from here: it would say that nothing was called.
if not journal[1] or journal[3] then return 0 end
redis.call('HSET', KEYS[1], 'putOff', 1)
redis.call('HSET', KEYS[2], 'v', 1)
redis.call('HINCRBY', KEYS[2], 'transactions ' .. ARGV[2], 1)
redis.call('HINCRBY', KEYS[2], 'minorUnits ' .. ARGV[2], ARGV[3])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
