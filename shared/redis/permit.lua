-- Grants one call, or says how long to wait. The only authority over the quota, on Redis' clock alone.
--
-- The log holds, for each call, the latest moment at which it can have arrived at the gateway: while it is
-- unanswered that is its start plus the longest life of a request, once it is answered a moment before the
-- answer (permit-answered.lua). A window of W ms with N calls admits a new call at T when the Nth latest of
-- those moments is at or before T - W. Whatever order calls really arrive in, of any N + 1 of them the one
-- that was granted last was granted with one of the others surely out of its window.
--
-- KEYS  1 log   2 state   3 calls per second   4 calls per minute   5 quotas   6 strikes   7 hold of the application   8 hold of the credentials
-- ARGV  1 permit's id   2 horizon: how far ahead a start may be promised, ms   3 longest life of a request after its start, ms
--       4 margin, ms   5 the ledger's epoch as this replica knows it, or ""   6 an epoch to begin, if one must
--       7 "none" where the operator vouches that no calls were made before   8 this replica's quota, "calls/ms,calls/ms"
--       9 strikes per day that must not be exceeded   10 which call of its transaction this is   11 the last one it may make
-- Gives  epoch, whether quotas disagree, Redis' time, then what was decided
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local horizon, life, margin = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])

local MINUTE, HOUR, DAY = 60000, 3600000, 86400000
local QUOTA_MEMORY = MINUTE         -- a replica's quota counts for as long after its last request
local BRAKE_RELEASE = MINUTE        -- the braked rate returns within this time
local PACE = 0.97                   -- calls of the shortest window are this part of window/calls apart
local LONGEST_GAP = 250             -- but no further than this: a lone call must not wait for nothing
local PROBE_RESERVED = 30000        -- for transactions without a call, from the end of a hold
local UNDER_WAY_PAUSE = 50          -- until it is looked again whether calls under way were answered
local STATE_TTL = 32 * DAY          -- longer than the longest window

-- 1. Is this the Redis, and the ledger, that we know? -----------------------------------------------
local runId = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
local state = {}
local flat = redis.call('HGETALL', KEYS[2])
for i = 1, #flat, 2 do state[flat[i]] = flat[i + 1] end
local changed = {}
local function set(field, value)
  state[field] = tostring(value)
  changed[#changed + 1] = field
  changed[#changed + 1] = state[field]
end
local function number(field) return tonumber(state[field] or 0) end
local function save()
  if #changed == 0 then return end
  redis.call('HSET', KEYS[2], unpack(changed))
  redis.call('PEXPIRE', KEYS[2], STATE_TTL)
end
local function exact(value) return string.format('%.3f', value) end

if not state.epoch then
  set('v', 1)
  set('epoch', ARGV[6])
  set('runId', runId)
  local vouchedFor = ARGV[7] == 'none' and ARGV[5] == ''
  set('unknownBefore', vouchedFor and 0 or exact(now))
  set('sinceUnknown', 0)
elseif state.runId ~= runId or (ARGV[5] ~= '' and ARGV[5] ~= state.epoch) then
  -- Restarted, failed over, or emptied and begun anew by a replica without a memory: calls may be missing.
  set('runId', runId)
  set('unknownBefore', exact(now))
  set('sinceUnknown', 0)
end
local unknownBefore = number('unknownBefore')

-- 2. Which windows hold? The union of what all replicas of the last minute say: the strictest counts. -
redis.call('ZADD', KEYS[5], now, ARGV[8])
redis.call('ZREMRANGEBYSCORE', KEYS[5], '-inf', now - QUOTA_MEMORY)
redis.call('PEXPIRE', KEYS[5], 2 * QUOTA_MEMORY)
local callsOf = {}
local windows = {}
for _, quota in ipairs(redis.call('ZRANGE', KEYS[5], 0, -1)) do
  for calls, ms in string.gmatch(quota, '(%d+)/(%d+)') do
    calls, ms = tonumber(calls), tonumber(ms)
    if not callsOf[ms] then windows[#windows + 1] = ms end
    callsOf[ms] = math.min(calls, callsOf[ms] or calls)
  end
end
table.sort(windows)
local disagree = redis.call('ZCARD', KEYS[5]) > 1 and 1 or 0

-- 3. Does a hold stand? Once it is over, one call at a time probes; its answer lifts the hold or renews it.
local isProbe, overdue = 0, math.huge
for _, key in ipairs({ KEYS[7], KEYS[8] }) do
  local hold = redis.call('HMGET', key, 'until', 'kind', 'code')
  if hold[1] then
    local left = tonumber(hold[1]) - now
    if left > 0 then
      save()
      return { state.epoch, disagree, exact(now), 'held', hold[2], hold[3], math.ceil(left) }
    end
    isProbe, overdue = 1, math.min(overdue, -left)
  end
end
-- A probe is taken by a transaction that has made no call yet, so that none is used up by probing; where no such
-- transaction comes for a while, another one has to.
if isProbe == 1 and tonumber(ARGV[10]) > 1 and overdue < PROBE_RESERVED then
  save()
  return { state.epoch, disagree, exact(now), 'later', 1000 }
end
redis.call('ZREMRANGEBYSCORE', KEYS[6], '-inf', now - DAY)
local strikes, mostStrikes = redis.call('ZCARD', KEYS[6]), tonumber(ARGV[9])
if strikes >= mostStrikes then
  local oldest = redis.call('ZRANGE', KEYS[6], 0, 0, 'WITHSCORES')
  save()
  return { state.epoch, disagree, exact(now), 'held', 'strikes', ARGV[9] .. ' limit answers in 24 h', math.ceil(oldest[2] + DAY - now) }
end
-- Once the gateway has refused a call, each that is under way may be the next strike.
if strikes > 0 and strikes + redis.call('ZCOUNT', KEYS[1], exact(now), '+inf') >= mostStrikes then
  save()
  return { state.epoch, disagree, exact(now), 'wait', UNDER_WAY_PAUSE }
end

-- 4. When is the earliest start that all windows admit? ----------------------------------------------
local sustained = 0
for _, ms in ipairs(windows) do sustained = math.max(sustained, ms / callsOf[ms]) end
local gap = math.min(PACE * windows[1] / callsOf[windows[1]], LONGEST_GAP)
local brakedFor = now - number('brakedAt')
local isLastCall = ARGV[10] == ARGV[11] and ARGV[11] ~= '1'
if brakedFor < BRAKE_RELEASE and isLastCall then
  -- A transaction's last call is not spent on a gateway that is refusing.
  save()
  return { state.epoch, disagree, exact(now), 'later', math.ceil(BRAKE_RELEASE - brakedFor) }
end
if brakedFor < BRAKE_RELEASE then gap = math.max(gap, sustained * (2 - brakedFor / BRAKE_RELEASE)) end

local start = math.max(now, number('lastStart') + gap, number('patienceUntil'))

-- Windows over a minute are counted in steps: seconds up to an hour, minutes beyond. A step counts until all of it is out.
local function stepped(ms)
  if ms <= HOUR then return KEYS[3], 1000, 's' end
  return KEYS[4], MINUTE, 'm'
end

-- The running sum of a long window: what has left it since the last time is taken off.
local function sumOf(ms)
  local key, step, letter = stepped(ms)
  local last = number('last' .. letter)
  local out = math.floor((now - ms - life) / step) - 1 -- the last step that is wholly out
  local sumField, firstField, atField = 'sum' .. ms, 'first' .. ms, 'at' .. ms
  local sum, first = tonumber(state[sumField]), number(firstField)
  if out >= last then
    sum, first = 0, out + 1 -- all is out, and may have expired
  elseif not sum or number(atField) ~= number('grants') then
    -- Never summed, or calls were made while nobody had this window.
    sum, first = 0, out + 1
    for index = first, last do sum = sum + tonumber(redis.call('HGET', key, index) or 0) end
  else
    for index = first, math.min(out, last) do sum = sum - tonumber(redis.call('HGET', key, index) or 0) end
    first = math.max(first, out + 1)
  end
  set(sumField, sum)
  set(firstField, first)
  set(atField, number('grants'))
  return sum, first, last, key, step
end

for _, ms in ipairs(windows) do
  local calls = callsOf[ms]
  if ms <= MINUTE then
    local nth = redis.call('ZREVRANGE', KEYS[1], calls - 1, calls - 1, 'WITHSCORES')
    if nth[2] then start = math.max(start, nth[2] + ms + margin) end
    -- Unknown calls are surely out after one full window.
    if unknownBefore > 0 then start = math.max(start, unknownBefore + ms + horizon + life) end
  else
    local sum, first, last, key, step = sumOf(ms)
    local index = first
    while sum >= calls and index <= last do
      sum = sum - tonumber(redis.call('HGET', key, index) or 0)
      index = index + 1
      if sum < calls then start = math.max(start, index * step + ms + life) end
    end
    if sum >= calls then start = math.max(start, now + ms) end -- cannot be; fails closed
    -- Unknown calls of a long window: its average rate until one window has passed.
    if unknownBefore > 0 and start < unknownBefore + ms then
      start = math.max(start, math.min(unknownBefore + (number('sinceUnknown') + 1) * ms / calls, unknownBefore + ms))
    end
  end
end

-- 5. Too far ahead: come again. -----------------------------------------------------------------------
if start - now > horizon then
  save()
  return { state.epoch, disagree, exact(now), 'wait', math.ceil(start - now - horizon) }
end

-- 6. Granted: log it before anybody hears of it. ----------------------------------------------------
redis.call('ZADD', KEYS[1], exact(start + life), ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', exact(now - MINUTE - margin))
redis.call('PEXPIRE', KEYS[1], 2 * MINUTE + math.ceil(life) + horizon)

local second, minute = math.floor(start / 1000), math.floor(start / MINUTE)
redis.call('HINCRBY', KEYS[3], second, 1)
redis.call('HINCRBY', KEYS[4], minute, 1)
-- Forget steps that no window can reach: as many as have passed since the last call, and some that are left over.
local function trim(key, field, keep, last, newest)
  local oldest = number(field)
  if oldest == 0 then oldest = newest end
  local upTo = math.min(newest - keep, oldest + (newest - last) + 100)
  for index = oldest, upTo do redis.call('HDEL', key, index) end
  set(field, math.max(oldest, upTo + 1))
end
if second > number('lasts') then
  trim(KEYS[3], 'oldests', 3720, number('lasts'), second)
  set('lasts', second)
end
if minute > number('lastm') then
  trim(KEYS[4], 'oldestm', 31 * 1440 + 10, number('lastm'), minute)
  set('lastm', minute)
end
set('grants', number('grants') + 1)
for _, ms in ipairs(windows) do
  if ms > MINUTE then
    set('sum' .. ms, number('sum' .. ms) + 1)
    set('at' .. ms, number('grants'))
  end
end
if unknownBefore > 0 then set('sinceUnknown', number('sinceUnknown') + 1) end
set('lastStart', exact(start))
save()
redis.call('PEXPIRE', KEYS[3], 2 * HOUR)
redis.call('PEXPIRE', KEYS[4], STATE_TTL)

-- A probe holds the others back until its answer is in, or can no longer come.
if isProbe == 1 then
  for _, key in ipairs({ KEYS[7], KEYS[8] }) do
    if redis.call('EXISTS', key) == 1 then redis.call('HSET', key, 'until', exact(start + life), 'probedAt', exact(now)) end
  end
end
return { state.epoch, disagree, exact(now), 'granted', exact(start - now), isProbe }
