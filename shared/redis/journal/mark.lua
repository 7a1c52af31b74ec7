-- Marks that a worker is about to do with a suspect what may kill it, and tells how many workers died under such a mark.
-- Whoever lives takes its mark away again at once; so one of another worker that has stood for a while was left by a death,
-- and a younger one may have been. Where those are too many together, it marks nothing.
-- KEYS  the suspect's marks, one hash for each thing that is done with it: when, by worker
-- ARGV  1 which of KEYS   2 the worker   3 how many deaths are too many   4 time to live, s   5 for how long nobody who lives
--       leaves a mark, ms
-- Gives  how many died, and in how many ms that is certain of all marks: 0 where this one is set
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local deaths, doubtful, newest = 0, 0, 0
for _, key in ipairs(KEYS) do
  local marks = redis.call('HGETALL', key)
  for i = 1, #marks, 2 do
    local at = tonumber(marks[i + 1])
    if marks[i] ~= ARGV[2] then
      if now - at >= tonumber(ARGV[5]) then deaths = deaths + 1 else doubtful = doubtful + 1 end
      newest = math.max(newest, at)
    end
  end
end
if deaths >= tonumber(ARGV[3]) then return { deaths, 0 } end
if deaths + doubtful >= tonumber(ARGV[3]) then return { deaths, newest + ARGV[5] - now } end
local key = KEYS[tonumber(ARGV[1])]
redis.call('HSET', key, ARGV[2], now)
redis.call('EXPIRE', key, ARGV[4])
return { deaths, 0 }
