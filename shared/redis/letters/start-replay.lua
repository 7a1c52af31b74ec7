-- Begins a replay of dead letters, and writes it into the audit: neither is without the other.
-- KEYS  1 audit   2 the replay   3 replays, by when they began
-- ARGV  1 act   2 by whom   3 why   4 details, JSON   5 id   6 time to live, s   7 when it began, ms
--       8 … its fields and values
redis.call('HSET', KEYS[2], 'v', 1, 'id', ARGV[5], 'by', ARGV[2], 'why', ARGV[3], 'startedAt', ARGV[7], unpack(ARGV, 8))
redis.call('EXPIRE', KEYS[2], ARGV[6])
redis.call('ZADD', KEYS[3], ARGV[7], ARGV[5])
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', ARGV[7] - ARGV[6] * 1000)
redis.call('EXPIRE', KEYS[3], ARGV[6])
redis.call('XADD', KEYS[1], '*', 'v', 1, 'act', ARGV[1], 'by', ARGV[2], 'at', ARGV[7], 'reason', ARGV[3],
  'details', ARGV[4])
return 1
