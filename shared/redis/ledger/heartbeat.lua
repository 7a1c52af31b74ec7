-- A replica says that it is there, and hears what it has to remember in case that Redis loses it (seed.lua).
-- KEYS  the ledger's, as ledger.lua names them
-- ARGV  1 replica's name   2 longest life of a request, ms   3 generation that the replica knows, or ""   4 name for a
--       new one   5 "none": no calls were made before   6 the replica's quota   7 from which second on it wants to know
--       the calls   8 from which minute on   9 what holds this replica alone, or ""   10 its cause   11 for how many ms it
--       has   12 ms until a probe may be made
-- Gives  the generation, Redis' time, the overview as JSON, and what to remember
-- The calls in each step from `first` on, as far back as the windows look; all of them where some were told anew, or
-- filled in, since the replica heard of them.
local function callsSince(steps, first, windows, life)
  if number('retoldAt') >= first * steps.ms then first = 0 end
  local reachMs = 0
  for _, window in ipairs(windows) do
    if stepsOf(window) == steps then reachMs = math.max(reachMs, window.ms) end
  end
  if reachMs == 0 then return {} end
  local newest = number('last' .. steps.letter)
  local oldest = math.max(first, math.floor((now - reachMs - life) / steps.ms) - 1, number('oldest' .. steps.letter))
  if newest - oldest > 120 then return redis.call('HGETALL', steps.key) end
  local calls = {}
  for step = oldest, newest do
    local count = callsIn(steps, step)
    if count > 0 then
      calls[#calls + 1] = step
      calls[#calls + 1] = count
    end
  end
  return calls
end

local MARKS = { brakedAt = true, heededUntil = true, patienceUntil = true, rampAt = true }

-- Brake, caps and ramp; and whether a past that nobody remembers may still be in a window.
local function marks(windows, life)
  local flat = {}
  local unknownUntil = number('unknownBefore') + windows[#windows].ms + HORIZON_MS + life
  if number('unknownBefore') > 0 and number('filledAt') == 0 and now < unknownUntil then flat = { 'pastUnknown', '1' } end
  for field, value in pairs(state) do
    if string.match(field, '^cap') or string.match(field, '^raise') or MARKS[field] then
      flat[#flat + 1] = field
      flat[#flat + 1] = value
    end
  end
  return flat
end

meetLedger(ARGV[3], ARGV[4], ARGV[5] == 'none')
noteQuota(ARGV[6])

redis.call('ZADD', replicasKey, now, ARGV[1])
local gone = redis.call('ZRANGEBYSCORE', replicasKey, '-inf', now - QUOTA_MEMORY_MS, 'LIMIT', 0, 100)
if #gone > 0 then
  redis.call('ZREM', replicasKey, unpack(gone))
  redis.call('HDEL', replicaHoldsKey, unpack(gone))
end
redis.call('PEXPIRE', replicasKey, 2 * QUOTA_MEMORY_MS)

-- As a hold of all replicas is kept (hold.lua).
if ARGV[9] == '' then
  redis.call('HDEL', replicaHoldsKey, ARGV[1])
else
  local hold = { kind = ARGV[9], code = ARGV[10], since = exact(now - ARGV[11]), ['until'] = exact(now + ARGV[12]), by = ARGV[1] }
  redis.call('HSET', replicaHoldsKey, ARGV[1], cjson.encode(hold))
  redis.call('PEXPIRE', replicaHoldsKey, 2 * QUOTA_MEMORY_MS)
end

local windows, quotas = windowsInForce(ARGV[6])
local life = noteLife(tonumber(ARGV[2]), windows)
local seen = overview(windows, quotas, life)
saveState()
return {
  state.generation, exact(now), seen, exact(evenGap(windows)),
  callsSince(bySecond, tonumber(ARGV[7]), windows, life), callsSince(byMinute, tonumber(ARGV[8]), windows, life),
  marks(windows, life), redis.call('ZRANGEBYSCORE', strikesKey, now - STRIKE_MEMORY_MS, '+inf', 'WITHSCORES'),
  redis.call('HGETALL', freezeKey), redis.call('HGETALL', permissionKey), redis.call('HGETALL', setQuotaKey),
}
