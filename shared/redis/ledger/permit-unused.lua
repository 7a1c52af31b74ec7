-- A permit whose call surely never left gives its place in every window back; only the spacing stays. Nothing
-- happens where it is told twice, or so late that the log has forgotten the permit.
-- KEYS  the ledger's, as ledger.lua names them
-- ARGV  1 permit's id   2 longest life of a request after its start, ms
local moment = redis.call('ZSCORE', logKey, ARGV[1])
if not moment then return 0 end
redis.call('ZREM', logKey, ARGV[1])

local start = moment - ARGV[2]
local second, minute = math.floor(start / 1000), math.floor(start / 60000)
redis.call('HINCRBY', secondsKey, second, -1)
redis.call('HINCRBY', minutesKey, minute, -1)
for _, field in ipairs(redis.call('HKEYS', stateKey)) do
  local windowMs = string.match(field, '^sum(%d+)$')
  if windowMs then
    local step = tonumber(windowMs) <= LONGEST_BY_SECOND_MS and second or minute
    -- What has left the window is no longer in its sum.
    local first = tonumber(redis.call('HGET', stateKey, 'first' .. windowMs))
    if step >= first then redis.call('HINCRBY', stateKey, field, -1) end
    redis.call('HDEL', stateKey, 'fullUntil' .. windowMs)
  end
end

-- The average rate, where the past is unknown: only permits that were surely granted since then are in its count.
local unknown = redis.call('HMGET', stateKey, 'unknownBefore', 'sinceUnknown')
if tonumber(unknown[2] or 0) > 0 and start - HORIZON_MS >= tonumber(unknown[1]) then
  redis.call('HINCRBY', stateKey, 'sinceUnknown', -1)
end
return 1
