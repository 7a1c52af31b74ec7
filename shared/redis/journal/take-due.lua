-- Takes transactions that must be answered now, for a short lease: should the taker die, they are due again after it.
-- KEYS  1 deadlines, by due time   2 what it takes to answer, by transaction
-- ARGV  1 lease, ms   2 most
-- Gives the lease's end, ms until the next one is due (-1 where none is), and those taken.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local due = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, ARGV[2])
local leaseUntil, taken = now + ARGV[1], {}
for _, id in ipairs(due) do
  local json = redis.call('HGET', KEYS[2], id)
  if json then
    redis.call('ZADD', KEYS[1], leaseUntil, id)
    taken[#taken + 1] = json
  else
    redis.call('ZREM', KEYS[1], id)
  end
end
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return { leaseUntil, first[2] and math.max(0, first[2] - now) or -1, taken }
