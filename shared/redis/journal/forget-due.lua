-- Forgets a deadline that was met, unless somebody else took it, or it was set anew, since.
-- KEYS  1 deadlines, by due time   2 what it takes to answer, by transaction
-- ARGV  1 the end of the lease that it was taken for   2 transaction's id
if tonumber(redis.call('ZSCORE', KEYS[1], ARGV[2]) or -1) ~= tonumber(ARGV[1]) then return 0 end
redis.call('ZREM', KEYS[1], ARGV[2])
redis.call('HDEL', KEYS[2], ARGV[2])
return 1
