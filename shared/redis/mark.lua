-- Marks that a worker is about to do with a suspect what may kill it, and tells how many workers died under such a mark.
-- Where those are too many already, it marks nothing.
-- KEYS  the suspect's marks, one set for each thing that is done with it
-- ARGV  1 which of KEYS   2 the worker   3 how many deaths are too many   4 time to live, s
local deaths = 0
for _, key in ipairs(KEYS) do
  deaths = deaths + redis.call('SCARD', key) - redis.call('SISMEMBER', key, ARGV[2])
end
if deaths < tonumber(ARGV[3]) then
  local key = KEYS[tonumber(ARGV[1])]
  redis.call('SADD', key, ARGV[2])
  redis.call('EXPIRE', key, ARGV[4])
end
return deaths
