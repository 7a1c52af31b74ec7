-- What the quota ledger's scripts have in common: its state, its windows, and when they admit a call.
-- `now`, `exact` and the names in capitals are from ledger-rules.ts. Comments stand on lines of their own.
--
-- The log holds, for each call, the latest moment at which it can have arrived at the gateway: while it is
-- unanswered that is its start plus the longest life of a request, once it is answered a moment before the
-- answer (permit-answered.lua). A window of W ms with N calls admits a new call at T when the Nth latest of
-- those moments is at or before T - W. Whatever order calls really arrive in, of any N + 1 of them the one
-- that was granted last was granted with one of the others surely out of its window.
local logKey, stateKey, secondsKey, minutesKey, quotasKey, strikesKey = unpack(KEYS, 1, 6)
local freezeKey, permissionKey, replicasKey, setQuotaKey, latencyKey, replicaHoldsKey = unpack(KEYS, 7, 12)
local STATE_TTL = 32 * 24 * 3600000

-- Calls counted by their start. `reach`: so many steps back a window may look.
local bySecond = { key = secondsKey, ms = 1000, letter = 's', reach = SECONDS_KEPT, ttl = 2 * LONGEST_BY_SECOND_MS }
local byMinute = { key = minutesKey, ms = 60000, letter = 'm', reach = MINUTES_KEPT, ttl = STATE_TTL }

-- Read once, written once.
local state, changed, dropped = {}, {}, {}

local function readState()
  local flat = redis.call('HGETALL', stateKey)
  for i = 1, #flat, 2 do state[flat[i]] = flat[i + 1] end
end

local function number(field) return tonumber(state[field] or 0) end

local function set(field, value)
  local text = type(value) == 'number' and value % 1 ~= 0 and exact(value) or tostring(value)
  if state[field] == text then return end
  state[field] = text
  changed[#changed + 1] = field
  changed[#changed + 1] = text
end

local function drop(field)
  state[field] = nil
  dropped[#dropped + 1] = field
end

local function saveState()
  if #changed > 0 then redis.call('HSET', stateKey, unpack(changed)) end
  if #dropped > 0 then redis.call('HDEL', stateKey, unpack(dropped)) end
  if #changed > 0 then redis.call('PEXPIRE', stateKey, STATE_TTL) end
end

-- Calls may be missing on record: nothing is granted until those under way have surely arrived, and meanwhile
-- the replicas tell what they remember (seed.lua). `since`: 0 where the operator says that there is no past.
local function beginUnknown(runId, generation, since)
  set('v', 1)
  set('generation', generation)
  set('runId', runId)
  set('unknownBefore', since)
  for _, field in ipairs({ 'sinceUnknown', 'seededAsOf', 'seededGap', 'silentFrom', 'filledAt' }) do set(field, 0) end
  set('vouched', since == 0 and 1 or 0)
  -- What another clock, ahead of this one, has written for later.
  set('lastStart', math.min(number('lastStart'), now + HORIZON_MS))
  redis.call('ZREMRANGEBYSCORE', logKey, exact(now + HORIZON_MS + LONGEST_LIFE_MS), '+inf')
end

-- Is this the Redis, and the ledger, that we know? `known`: the generation that the replica met last, or "".
-- `fresh`: a name for a new one. `isVouchedFor`: the operator says that no calls were made before.
local function meetLedger(known, fresh, isVouchedFor)
  readState()
  local server = redis.call('INFO', 'server')
  -- Found as plain text first: the pattern alone would take as long as INFO itself.
  local runId = string.match(server, 'run_id:(%x+)', string.find(server, 'run_id:', 1, true))
  local moment = math.floor(now)
  if not state.generation then
    beginUnknown(runId, fresh, isVouchedFor and known == '' and 0 or moment)
  elseif state.runId ~= runId then
    -- Restarted, or failed over: what was written last may be lost.
    beginUnknown(runId, fresh, moment)
  elseif known ~= '' and known ~= state.generation and number('vouched') == 1 then
    -- Emptied, and begun anew by a replica without a memory that was told that there is no past.
    beginUnknown(runId, fresh, moment)
  end
end

-- The longest life of a request after its start that any replica reckons with: as long as its calls may be in a window.
local function noteLife(life, windows)
  local longest = number('life')
  local isForgotten = now - number('lifeAt') > windows[#windows].ms + QUOTA_MEMORY_MS
  if life > longest or isForgotten then set('life', life) end
  if (life >= longest or isForgotten) and now - number('lifeAt') > QUOTA_NOTED_EVERY_MS then
    set('lifeAt', math.floor(now))
  end
  return number('life')
end

-- A replica's quota counts for a minute after it was last heard of; that it is the same is not written each time.
local function noteQuota(quota)
  local notedAt = redis.call('ZSCORE', quotasKey, quota)
  if notedAt and now - notedAt < QUOTA_NOTED_EVERY_MS then return end
  redis.call('ZADD', quotasKey, now, quota)
  redis.call('ZREMRANGEBYSCORE', quotasKey, '-inf', now - QUOTA_MEMORY_MS)
  redis.call('PEXPIRE', quotasKey, 2 * QUOTA_MEMORY_MS)
end

-- The union of quotas: of each window the fewest calls, shortest first.
local function strictest(quotas)
  local windows, byLength = {}, {}
  for _, text in ipairs(quotas) do
    for calls, ms in string.gmatch(text, '(%d+)/(%d+)') do
      local window = byLength[ms] or { ms = tonumber(ms), calls = math.huge }
      window.calls = math.min(window.calls, tonumber(calls))
      if not byLength[ms] then windows[#windows + 1] = window end
      byLength[ms] = window
    end
  end
  table.sort(windows, function(a, b) return a.ms < b.ms end)
  return windows
end

-- What a capped window admits now: half of the calls that were too many, then more of them.
local function admitted(window)
  local cap = tonumber(state['cap' .. window.ms])
  if not cap then return window.calls end
  local ramp = math.min(1, math.max(0, now - number('capAt' .. window.ms)) / CAP_RAMP_MS)
  return math.min(window.calls, cap * (CAP_FIRST + (CAP_AT_LAST - CAP_FIRST) * ramp))
end

-- The windows in force, shortest first: what an operator set, or else the strictest of what replicas say.
-- `calls` is the quota, `admits` what limit answers leave of it.
local function windowsInForce(fallback)
  local quotas = redis.call('ZRANGEBYSCORE', quotasKey, now - QUOTA_MEMORY_MS, '+inf')
  local setQuota = redis.call('HGET', setQuotaKey, 'quota')
  local counting = #quotas > 0 and quotas or { fallback }
  if setQuota then counting = { setQuota } end
  local windows = strictest(counting)
  for _, window in ipairs(windows) do window.admits = admitted(window) end
  return windows, quotas
end

local function countStrikes() return redis.call('ZCOUNT', strikesKey, now - STRIKE_MEMORY_MS, '+inf') end

-- Unanswered, or promised.
local function callsUnderWay() return redis.call('ZCOUNT', logKey, exact(now), '+inf') end

local function brakeRemaining() return math.max(0, number('brakedAt') + BRAKE_MS - now) end

local function rampRemaining() return math.max(0, number('rampAt') + RAMP_MS - now) end

-- From one start to the next, without brake and ramp.
local function evenGap(windows) return math.min(PACE * windows[1].ms / windows[1].calls, LONGEST_GAP_MS) end

-- From one start to the next: evenly; what a limit answer left of a window is spread over all of it.
local function spacing(windows)
  local gap, sustained = evenGap(windows), 0
  for _, window in ipairs(windows) do
    sustained = math.max(sustained, window.ms / window.admits)
    if window.admits < window.calls then gap = math.max(gap, window.ms / window.admits) end
  end
  local ramp = rampRemaining()
  if ramp == 0 then return gap end
  return math.max(gap, sustained / (1 - (1 - RAMP_FIRST) * ramp / RAMP_MS))
end

local function stepsOf(window) return window.ms <= LONGEST_BY_SECOND_MS and bySecond or byMinute end

local function callsIn(steps, index) return tonumber(redis.call('HGET', steps.key, index) or 0) end

local function callsFrom(steps, first, last)
  local sum = 0
  for index = first, last do sum = sum + callsIn(steps, index) end
  return sum
end

-- The running sum of a window that is judged by counts, and its first step: what has left since the last time is
-- taken off. `life`: longest life of a request after its start.
local function runningSum(window, life)
  local steps = stepsOf(window)
  local last = number('last' .. steps.letter)
  -- The last step that is wholly out.
  local out = math.floor((now - window.ms - life) / steps.ms) - 1
  local sum, first = tonumber(state['sum' .. window.ms]), number('first' .. window.ms)
  if out >= last then
    -- All is out, and may have expired.
    sum, first = 0, out + 1
  elseif not sum or number('at' .. window.ms) ~= number('grants') then
    -- Never summed, or calls were made while nobody had this window.
    sum, first = callsFrom(steps, out + 1, last), out + 1
  else
    sum, first = sum - callsFrom(steps, first, out), math.max(first, out + 1)
  end
  set('sum' .. window.ms, sum)
  set('first' .. window.ms, first)
  set('at' .. window.ms, number('grants'))
  return sum, first
end

local function callsInLog(window) return redis.call('ZCOUNT', logKey, '(' .. exact(now - window.ms), '+inf') end

-- What `look.lua` shows and the replicas' heartbeat hears.
local function overview(windows, quotas, life)
  local seen = {}
  for i, window in ipairs(windows) do
    local used = window.ms <= LONGEST_LOGGED_MS and callsInLog(window) or runningSum(window, life)
    seen[i] = { windowMs = window.ms, calls = window.calls, effective = window.admits, used = used }
  end
  local replicas = redis.call('ZRANGEBYSCORE', replicasKey, now - QUOTA_MEMORY_MS, '+inf', 'WITHSCORES')
  local setQuota = redis.call('HMGET', setQuotaKey, 'quota', 'by', 'at', 'reason')
  return cjson.encode({
    nowMs = exact(now), windows = seen, quotas = #quotas, spacingMs = spacing(windows), lastStart = state.lastStart,
    unknownBefore = state.unknownBefore, filledAt = state.filledAt,
    brakeRemainingMs = brakeRemaining(), rampRemainingMs = rampRemaining(),
    patienceRemainingMs = math.max(0, number('patienceUntil') - now),
    strikes = countStrikes(), callsUnderWay = callsUnderWay(),
    replicas = replicas, replicaHolds = redis.call('HGETALL', replicaHoldsKey),
    setQuota = setQuota[1] and setQuota or nil,
  })
end
