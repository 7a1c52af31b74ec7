-- Permits whose calls surely never left: they take no place in the short windows. The long ones keep them,
-- which costs a call here and there and spares the bookkeeping.
-- KEYS  1 log   ARGV  permits' ids
return redis.call('ZREM', KEYS[1], unpack(ARGV))
