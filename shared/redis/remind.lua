-- Remembers until when a waiting transaction must be answered, and with what. The latest word counts.
-- KEYS  1 deadlines, by due time   2 what it takes to answer, by transaction
-- ARGV  1 transaction's id   2 due, ms   3 the JSON   4 time to live of both, s
redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
redis.call('EXPIRE', KEYS[1], ARGV[4])
redis.call('EXPIRE', KEYS[2], ARGV[4])
return 1
