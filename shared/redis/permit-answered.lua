-- Calls were answered: each arrived at the gateway no later than so many ms ago. Only ever shortens.
-- KEYS  1 log   ARGV  permit's id, ms ago, permit's id, ms ago …
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
for i = 1, #ARGV, 2 do
  redis.call('ZADD', KEYS[1], 'XX', 'LT', string.format('%.3f', now - ARGV[i + 1]), ARGV[i])
end
return #ARGV / 2
