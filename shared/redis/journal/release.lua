-- Gives a claim back, so that the next delivery need not wait for the lease's end.
-- KEYS  1 the transaction's journal   ARGV  1 token
if redis.call('HGET', KEYS[1], 'token') == ARGV[1] then redis.call('HDEL', KEYS[1], 'token', 'leaseUntil') end
return 1
