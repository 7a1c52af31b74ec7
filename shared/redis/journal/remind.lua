-- Remembers until when a waiting transaction must be answered, and with what. The earliest word counts: a duplicate may
-- name a later moment, but both are answered at once. A replay asks anew, so its word counts whatever it says.
-- KEYS  1 deadlines, by due time   2 what it takes to answer, by transaction
-- ARGV  1 transaction's id   2 due, ms   3 the JSON   4 its replays   5 time to live of both, s
local due, json = redis.call('ZSCORE', KEYS[1], ARGV[1]), redis.call('HGET', KEYS[2], ARGV[1])
local _, replays = pcall(function() return cjson.decode(json).claim.replays end)
local isEarlier = due and tonumber(due) < tonumber(ARGV[2])
if not (isEarlier and replays == tonumber(ARGV[4])) then
  redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
  redis.call('HSET', KEYS[2], ARGV[1], ARGV[3])
end
redis.call('EXPIRE', KEYS[1], ARGV[5])
redis.call('EXPIRE', KEYS[2], ARGV[5])
return 1
