-- Grants one call, or says how long to wait. The only authority over the quota, on Redis' clock alone.
-- `now`, `exact` and the names in capitals are from ledger-rules.ts.
--
-- The log holds, for each call, the latest moment at which it can have arrived at the gateway: while it is
-- unanswered that is its start plus the longest life of a request, once it is answered a moment before the
-- answer (permit-answered.lua). A window of W ms with N calls admits a new call at T when the Nth latest of
-- those moments is at or before T - W. Whatever order calls really arrive in, of any N + 1 of them the one
-- that was granted last was granted with one of the others surely out of its window.
--
-- Gives  the ledger's epoch, whether quotas disagree, Redis' time, then what was decided
local logKey, stateKey, secondsKey, minutesKey, quotasKey, strikesKey = unpack(KEYS, 1, 6)
local holdKeys = { KEYS[7], KEYS[8] }         -- of the application, of the credentials

local permitId = ARGV[1]
local life = tonumber(ARGV[2])                -- longest life of a request after its start, ms
local knownEpoch, newEpoch = ARGV[3], ARGV[4] -- the ledger's as this replica knows it, or ""; to begin one, if need be
local isVouchedFor = ARGV[5] == 'none'        -- by the operator: no calls were made before
local quota = ARGV[6]                         -- this replica's, "calls/ms,calls/ms"
local mostStrikes = tonumber(ARGV[7])         -- in a day, never to be exceeded
local call, callLimit = tonumber(ARGV[8]), tonumber(ARGV[9]) -- which of its transaction this is, of at most so many

local DAY = 24 * 3600000
local STATE_TTL = 32 * DAY                    -- longer than the longest window

-- Calls counted by their start. `reach`: so many steps back a window may look.
local bySecond = { key = secondsKey, ms = 1000, letter = 's', reach = 3600 + 120, ttl = 2 * LONGEST_BY_SECOND_MS }
local byMinute = { key = minutesKey, ms = 60000, letter = 'm', reach = 31 * 1440 + 10, ttl = STATE_TTL }

local quotas -- what replicas have said lately

-- Read once, written once.
local state, changed = {}, {}
local function number(field) return tonumber(state[field] or 0) end
local function set(field, value)
  local text = tostring(value)
  if state[field] == text then return end
  state[field] = text
  changed[#changed + 1] = field
  changed[#changed + 1] = text
end

-- Whatever was decided, what was learned on the way is kept.
local function answer(...)
  if #changed > 0 then
    redis.call('HSET', stateKey, unpack(changed))
    redis.call('PEXPIRE', stateKey, STATE_TTL)
  end
  return { state.epoch, #quotas > 1 and 1 or 0, exact(now), ... }
end

-- Is this the Redis, and the ledger, that we know?
local function meetLedger()
  local flat = redis.call('HGETALL', stateKey)
  for i = 1, #flat, 2 do state[flat[i]] = flat[i + 1] end
  local server = redis.call('INFO', 'server')
  -- Found as plain text first: the pattern alone would take as long as INFO itself.
  local runId = string.match(server, 'run_id:(%x+)', string.find(server, 'run_id:', 1, true))
  local unknownBefore
  if not state.epoch then
    set('v', 1)
    set('epoch', newEpoch)
    unknownBefore = isVouchedFor and knownEpoch == '' and 0 or exact(now)
  elseif state.runId ~= runId or (knownEpoch ~= '' and knownEpoch ~= state.epoch) then
    -- Restarted, failed over, or emptied and begun anew by a replica without a memory: calls may be missing.
    unknownBefore = exact(now)
  else
    return
  end
  set('runId', runId)
  set('unknownBefore', unknownBefore)
  set('sinceUnknown', 0)
end

-- The union of all quotas: of each window the fewest calls, shortest first.
local function strictestWindows()
  redis.call('ZADD', quotasKey, now, quota)
  redis.call('ZREMRANGEBYSCORE', quotasKey, '-inf', now - QUOTA_MEMORY_MS)
  redis.call('PEXPIRE', quotasKey, 2 * QUOTA_MEMORY_MS)
  quotas = redis.call('ZRANGE', quotasKey, 0, -1)
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

-- A hold that stands, or else for how long a probe has been due, if one is.
local function standingHold()
  local overdue
  for _, key in ipairs(holdKeys) do
    local hold = redis.call('HMGET', key, 'until', 'kind', 'code')
    if hold[1] then
      local left = tonumber(hold[1]) - now
      if left > 0 then return { kind = hold[2], code = hold[3], ms = math.ceil(left) } end
      overdue = math.min(overdue or math.huge, -left)
    end
  end
  return nil, overdue
end

local function countStrikes()
  redis.call('ZREMRANGEBYSCORE', strikesKey, '-inf', now - STRIKE_MEMORY_MS)
  return redis.call('ZCARD', strikesKey)
end

local function untilStrikeIsForgotten()
  local oldest = redis.call('ZRANGE', strikesKey, 0, 0, 'WITHSCORES')
  return math.ceil(oldest[2] + STRIKE_MEMORY_MS - now)
end

local function callsUnderWay() return redis.call('ZCOUNT', logKey, exact(now), '+inf') end

local function brakeRemaining() return math.max(0, number('brakedAt') + BRAKE_RELEASE_MS - now) end

-- From one start to the next: evenly; after a limit answer first at half the rate that all windows sustain.
local function spacing(windows)
  local gap = math.min(PACE * windows[1].ms / windows[1].calls, LONGEST_GAP_MS)
  local braked = brakeRemaining()
  if braked == 0 then return gap end
  local sustained = 0
  for _, window in ipairs(windows) do sustained = math.max(sustained, window.ms / window.calls) end
  return math.max(gap, sustained * (1 + braked / BRAKE_RELEASE_MS))
end

-- A window that is judged by the log: when it admits a call.
local function admittedByLog(window)
  local nth = redis.call('ZREVRANGE', logKey, window.calls - 1, window.calls - 1, 'WITHSCORES')
  local moment = nth[2] and nth[2] + window.ms + MARGIN_MS or 0
  local unknownBefore = number('unknownBefore')
  if unknownBefore == 0 then return moment end
  return math.max(moment, unknownBefore + window.ms + HORIZON_MS + life) -- unknown calls are surely out
end

local function stepsOf(window) return window.ms <= LONGEST_BY_SECOND_MS and bySecond or byMinute end

local function callsIn(steps, index) return tonumber(redis.call('HGET', steps.key, index) or 0) end

local function callsFrom(steps, first, last)
  local sum = 0
  for index = first, last do sum = sum + callsIn(steps, index) end
  return sum
end

-- The running sum of a long window and its first step: what has left since the last time is taken off.
local function runningSum(window, steps, last)
  local out = math.floor((now - window.ms - life) / steps.ms) - 1 -- the last step that is wholly out
  local sum, first = tonumber(state['sum' .. window.ms]), number('first' .. window.ms)
  if out >= last then
    sum, first = 0, out + 1 -- all is out, and may have expired
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

-- A window that is judged by counts: when it admits a call. A step counts until all of it is out.
local function admittedByCounts(window)
  local steps = stepsOf(window)
  local last = number('last' .. steps.letter)
  local sum, first = runningSum(window, steps, last)
  if sum < window.calls then return 0 end
  for index = first, last do
    sum = sum - callsIn(steps, index)
    if sum < window.calls then return (index + 1) * steps.ms + window.ms + life end
  end
  return now + window.ms -- cannot be; fails closed
end

-- While calls may be missing on record, a long window admits its average rate.
local function admittedByRate(window)
  local unknownBefore = number('unknownBefore')
  if unknownBefore == 0 then return 0 end
  return unknownBefore + math.min((number('sinceUnknown') + 1) * window.ms / window.calls, window.ms)
end

-- The earliest start that spacing and all windows admit.
local function earliestStart(windows)
  local start = math.max(now, number('lastStart') + spacing(windows), number('patienceUntil'))
  for _, window in ipairs(windows) do
    if window.ms <= LONGEST_LOGGED_MS then
      start = math.max(start, admittedByLog(window))
    else
      start = math.max(start, admittedByCounts(window), admittedByRate(window))
    end
  end
  return start
end

local function logCall(start)
  redis.call('ZADD', logKey, exact(start + life), permitId)
  redis.call('ZREMRANGEBYSCORE', logKey, '-inf', exact(now - LONGEST_LOGGED_MS - MARGIN_MS))
  redis.call('PEXPIRE', logKey, 2 * LONGEST_LOGGED_MS + math.ceil(life) + HORIZON_MS)
end

-- A new step: forgets those that no window reaches, as many as have passed since the last call and some left over.
local function beginStep(steps, newest, last)
  local oldest = number('oldest' .. steps.letter)
  if oldest == 0 then oldest = newest end
  local upTo = math.min(newest - steps.reach, oldest + (newest - last) + 100)
  for index = oldest, upTo do redis.call('HDEL', steps.key, index) end
  set('oldest' .. steps.letter, math.max(oldest, upTo + 1))
  set('last' .. steps.letter, newest)
  redis.call('PEXPIRE', steps.key, steps.ttl)
end

local function countCall(start, windows)
  local startText = exact(start)
  start = tonumber(startText) -- as the log has it: permit-unused.lua must find the same step
  for _, steps in ipairs({ bySecond, byMinute }) do
    local step = math.floor(start / steps.ms)
    redis.call('HINCRBY', steps.key, step, 1)
    local last = number('last' .. steps.letter)
    if step > last then beginStep(steps, step, last) end
  end
  set('lastStart', startText)
  set('grants', number('grants') + 1)
  for _, window in ipairs(windows) do
    if window.ms > LONGEST_LOGGED_MS then
      set('sum' .. window.ms, number('sum' .. window.ms) + 1)
      set('at' .. window.ms, number('grants'))
    end
  end
  if number('unknownBefore') > 0 then set('sinceUnknown', number('sinceUnknown') + 1) end
end

-- A probe holds the others back until its answer is in, or can no longer come.
local function beginProbe(start)
  for _, key in ipairs(holdKeys) do
    if redis.call('EXISTS', key) == 1 then
      redis.call('HSET', key, 'until', exact(start + life), 'probedAt', exact(now))
    end
  end
end

meetLedger()
local windows = strictestWindows()

local hold, probeOverdue = standingHold()
if hold then return answer('held', hold.kind, hold.code, hold.ms) end
-- A probe is taken by a transaction that has made no call yet, so that none is used up by probing; where no such
-- transaction comes for a while, another one has to.
if probeOverdue and probeOverdue < PROBE_RESERVED_MS and call > 1 then return answer('later', PROBE_PAUSE_MS) end

local strikes = countStrikes()
if strikes >= mostStrikes then
  return answer('held', 'strikes', mostStrikes .. ' limit answers in 24 h', untilStrikeIsForgotten())
end
-- Once the gateway has refused a call, each that is under way may be the next strike.
if strikes > 0 and strikes + callsUnderWay() >= mostStrikes then return answer('wait', UNDER_WAY_PAUSE_MS) end
-- A transaction's last call is not spent on a gateway that is refusing.
if call == callLimit and call > 1 and brakeRemaining() > 0 then return answer('later', math.ceil(brakeRemaining())) end

local start = earliestStart(windows)
if start - now > HORIZON_MS then return answer('wait', math.ceil(start - now - HORIZON_MS)) end

-- Logged before anybody hears of it.
logCall(start)
countCall(start, windows)
if probeOverdue then beginProbe(start) end
return answer('granted', exact(start - now), probeOverdue and 1 or 0)
