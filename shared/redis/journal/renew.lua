-- Renews the leases of all transactions that one replica has in hand, and says which ones it could not.
-- KEYS  journals   ARGV  1 lease, ms   2… their tokens, in the order of KEYS
local time = redis.call('TIME')
local leaseUntil = time[1] * 1000 + math.floor(time[2] / 1000) + ARGV[1]
local notRenewed = {}
for i, key in ipairs(KEYS) do
  if redis.call('HGET', key, 'token') == ARGV[i + 1] then
    redis.call('HSET', key, 'leaseUntil', leaseUntil)
  else
    notRenewed[#notRenewed + 1] = i
  end
end
return notRenewed
