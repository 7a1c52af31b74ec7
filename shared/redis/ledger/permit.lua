-- Grants a call or several, or says how long to wait. The only authority over the quota, on Redis' clock alone.
-- KEYS  the ledger's, as ledger.lua names them
-- ARGV  1 permit's id   2 longest life of a request after its start, ms   3 generation that the replica knows, or ""
--       4 name for a new one   5 "none": the operator vouches that no calls were made before   6 the replica's quota,
--       "calls/ms,calls/ms"   7 most strikes in a day   8 which call of its transaction this is   9 of at most so many
--       10 how many permits the replica has a use for; the second has the first one's id and ".2"
-- Gives  the ledger's generation, whether quotas disagree, Redis' time, then what was decided; for a wait also within how
--        many ms more to ask again, for a grant whether it is a probe, and the starts of further ones
local permitId, ownLife, quota = ARGV[1], tonumber(ARGV[2]), ARGV[6]
local mostStrikes, call, callLimit = tonumber(ARGV[7]), tonumber(ARGV[8]), tonumber(ARGV[9])
local holdKeys = { freezeKey, permissionKey }
local quotas, life

-- Whatever was decided, what was learned on the way is kept.
local function answer(...)
  saveState()
  return { state.generation, #quotas > 1 and 1 or 0, exact(now), ... }
end

-- A hold that stands, or else for how long a probe has been due, if one is.
local function standingHold()
  local overdue
  for _, key in ipairs(holdKeys) do
    local hold = redis.call('HMGET', key, 'until', 'kind', 'code')
    if hold[1] then
      if not tonumber(hold[1]) then error('no number is under "until" of ' .. key) end
      local left = tonumber(hold[1]) - now
      if left > 0 then return { kind = hold[2], code = hold[3], ms = math.ceil(left) } end
      overdue = math.min(overdue or math.huge, -left)
    end
  end
  return nil, overdue
end

local function untilStrikeIsForgotten()
  local oldest = redis.call('ZRANGEBYSCORE', strikesKey, now - STRIKE_MEMORY_MS, '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
  return math.ceil(oldest[2] + STRIKE_MEMORY_MS - now)
end

-- Calls in flight may all be refused before the first refusal is known: there are never more of them than strikes left.
local function mayBeUnderWay(strikes)
  local left = mostStrikes - strikes
  return brakeRemaining() > 0 and math.ceil(left / 2) or left
end

-- What limit answers taught is put to the test now and then, while another strike can be afforded: with twice as much
-- each time that nothing came of it.
local function raiseCaps(windows, strikes)
  if strikes * 2 > mostStrikes then return end
  for _, window in ipairs(windows) do
    local cap = tonumber(state['cap' .. window.ms])
    if cap and now - math.max(number('raisedAt' .. window.ms), number('brakedAt')) >= CAP_RAISED_EVERY_MS then
      local raises = number('raises' .. window.ms)
      cap = cap + math.max(1, cap * CAP_RAISED_BY) * 2 ^ raises
      if cap * CAP_AT_LAST >= window.calls then
        for _, field in ipairs({ 'cap', 'capAt', 'raisedAt', 'raises' }) do drop(field .. window.ms) end
      else
        set('cap' .. window.ms, cap)
        set('raisedAt' .. window.ms, now)
        set('raises' .. window.ms, raises + 1)
      end
      window.admits = admitted(window)
    end
  end
end

-- After a loss of memory: until every call that may have been under way has arrived, or died.
local function untilGathered()
  local unknownBefore = number('unknownBefore')
  if unknownBefore == 0 then return 0 end
  return math.max(0, unknownBefore + HORIZON_MS + life - now)
end

local function isRemembered() return number('filledAt') > 0 end

-- The replicas told what they remember (seed.lua). What may have been granted after the newest memory, until Redis fell
-- silent for those who remember, or was another one: all that spacing allowed counts as made.
local function fillBlindSpot(windows)
  local unknownBefore, asOf = number('unknownBefore'), number('seededAsOf')
  if unknownBefore == 0 or asOf == 0 or isRemembered() then return end
  local gap = math.min(evenGap(windows), number('seededGap'))
  local silentFrom = number('silentFrom')
  local blindUntil = silentFrom > 0 and math.min(unknownBefore, silentFrom) or unknownBefore
  local calls = math.floor(math.max(0, blindUntil - asOf + HORIZON_MS) / gap) + 1
  for _, steps in ipairs({ bySecond, byMinute }) do
    -- The last of them may have been promised for later.
    local step = math.floor((blindUntil + HORIZON_MS) / steps.ms)
    redis.call('HINCRBY', steps.key, step, calls)
    redis.call('PEXPIRE', steps.key, steps.ttl)
    set('last' .. steps.letter, math.max(step, number('last' .. steps.letter)))
    if number('oldest' .. steps.letter) == 0 then set('oldest' .. steps.letter, step) end
  end
  set('grants', number('grants') + 1)
  set('filledAt', math.floor(now))
  set('retoldAt', math.floor(now))
end

-- A window that is judged by the log: when it admits a call.
local function admittedByLog(window)
  local rank = math.max(1, math.ceil(window.admits)) - 1
  local nth = redis.call('ZREVRANGE', logKey, rank, rank, 'WITHSCORES')
  return nth[2] and nth[2] + window.ms + MARGIN_MS or 0
end

-- A window that is judged by counts: when it admits a call. A step counts until all of it is out.
local function admittedByCounts(window)
  local steps, calls = stepsOf(window), math.max(1, math.ceil(window.admits))
  local sum, first = runningSum(window, life)
  if sum < calls then return 0 end
  -- It takes a while to find, and stays the same until something is counted.
  local known = number('fullUntil' .. window.ms)
  local isKnown = number('fullAt' .. window.ms) == number('grants') and number('fullOf' .. window.ms) == calls
  if isKnown and known > now then return known end
  -- Where no step brings it below: cannot be; fails closed.
  local moment = now + window.ms
  for index = first, number('last' .. steps.letter) do
    sum = sum - callsIn(steps, index)
    if sum < calls then
      moment = (index + 1) * steps.ms + window.ms + life
      break
    end
  end
  set('fullUntil' .. window.ms, moment)
  set('fullAt' .. window.ms, number('grants'))
  set('fullOf' .. window.ms, calls)
  return moment
end

-- Where the past is unknown, a long window admits its average rate.
local function admittedByRate(window)
  local sustained = (number('sinceUnknown') + 1) * window.ms / window.calls
  return number('unknownBefore') + math.min(sustained, window.ms)
end

-- What a window adds because calls may be missing on record.
local function admittedByUnknown(window)
  local unknownBefore = number('unknownBefore')
  if unknownBefore == 0 then return 0 end
  local isLogged = window.ms <= LONGEST_LOGGED_MS
  local surelyOut = unknownBefore + HORIZON_MS + life + window.ms
  if not isRemembered() then return isLogged and surelyOut or admittedByRate(window) end
  if window.ms <= WAITED_OUT_MS then return surelyOut end
  -- The log was lost; what the replicas remember is in the counts.
  if isLogged and now < surelyOut + bySecond.ms then return admittedByCounts(window) end
  return 0
end

-- The earliest start that spacing and all windows admit.
local function earliestStart(windows)
  local start = math.max(now, number('lastStart') + spacing(windows), number('patienceUntil'))
  for _, window in ipairs(windows) do
    local admittedAt = window.ms <= LONGEST_LOGGED_MS and admittedByLog(window) or admittedByCounts(window)
    start = math.max(start, admittedAt, admittedByUnknown(window))
  end
  return start
end

local function logCall(start, id) redis.call('ZADD', logKey, exact(start + ownLife), id) end

local function tidyLog()
  redis.call('ZREMRANGEBYSCORE', logKey, '-inf', exact(now - LONGEST_LOGGED_MS - MARGIN_MS))
  redis.call('PEXPIRE', logKey, 2 * LONGEST_LOGGED_MS + LONGEST_LIFE_MS)
end

-- A new step: forgets those that no window reaches, as many as have passed since the last call and some left over.
local function beginStep(steps, newest, last)
  local oldest = number('oldest' .. steps.letter)
  if oldest == 0 then oldest = newest end
  local upTo = math.min(newest - steps.reach, oldest + (newest - last) + 100)
  -- After a long idleness there is nothing beyond the last one.
  for index = oldest, math.min(upTo, last) do redis.call('HDEL', steps.key, index) end
  set('oldest' .. steps.letter, math.max(oldest, upTo + 1))
  set('last' .. steps.letter, newest)
  redis.call('PEXPIRE', steps.key, steps.ttl)
end

local function countCall(start, windows)
  local startText = exact(start)
  -- As the log has it: permit-unused.lua must find the same step.
  start = tonumber(startText)
  for _, steps in ipairs({ bySecond, byMinute }) do
    local step = math.floor(start / steps.ms)
    redis.call('HINCRBY', steps.key, step, 1)
    local last = number('last' .. steps.letter)
    if step > last then beginStep(steps, step, last) end
  end
  local grants = number('grants')
  set('lastStart', startText)
  set('grants', grants + 1)
  for _, window in ipairs(windows) do
    if number('at' .. window.ms) == grants and state['sum' .. window.ms] then
      set('sum' .. window.ms, number('sum' .. window.ms) + 1)
      set('at' .. window.ms, grants + 1)
    end
  end
  if number('unknownBefore') > 0 then set('sinceUnknown', number('sinceUnknown') + 1) end
end

-- A probe holds the others back until its answer is in, or can no longer come.
local function beginProbe(start)
  for _, key in ipairs(holdKeys) do
    if redis.call('EXISTS', key) == 1 then
      redis.call('HSET', key, 'until', exact(start + ownLife), 'probedAt', exact(now))
    end
  end
end

meetLedger(ARGV[3], ARGV[4], ARGV[5] == 'none')
noteQuota(quota)
local windows
windows, quotas = windowsInForce(quota)
life = noteLife(ownLife, windows)

local gathering = untilGathered()
if gathering > 0 then return answer('wait', math.ceil(gathering), ASKED_AGAIN_WITHIN_MS) end

local hold, probeOverdue = standingHold()
if hold then return answer('held', hold.kind, hold.code, hold.ms) end
-- A probe is taken by a transaction that has made no call yet, so that none is used up by probing; where no such
-- transaction comes for a while, another one has to.
if probeOverdue and probeOverdue < PROBE_RESERVED_MS and call > 1 then return answer('later', PROBE_PAUSE_MS) end

local strikes = countStrikes()
if strikes >= mostStrikes then
  return answer('held', 'strikes', mostStrikes .. ' limit answers in 24 h', untilStrikeIsForgotten())
end
local underWay, mostUnderWay = callsUnderWay(), mayBeUnderWay(strikes)
if underWay >= mostUnderWay then return answer('wait', UNDER_WAY_PAUSE_MS, 0) end
-- A transaction's last call is not spent on a gateway that is refusing.
if call == callLimit and call > 1 and brakeRemaining() > 0 then return answer('later', math.ceil(brakeRemaining())) end

fillBlindSpot(windows)
raiseCaps(windows, strikes)
local start = earliestStart(windows)
-- Whoever asks again first gets it, so each asks a little later by chance: or the nearest to Redis would get them all.
if start - now > HORIZON_MS then
  return answer('wait', math.ceil(start - now - HORIZON_MS), ASKED_AGAIN_WITHIN_MS)
end

-- Logged before anybody hears of them. Further ones only where they start with the first, and no more than half of what
-- may still be under way: else other replicas would find the next starts, or all places, taken.
local starts = {}
local most = probeOverdue and 1 or math.min(tonumber(ARGV[10]), math.ceil((mostUnderWay - underWay) / 2))
repeat
  starts[#starts + 1] = exact(start - now)
  logCall(start, #starts == 1 and permitId or (permitId .. '.' .. #starts))
  countCall(start, windows)
  if #starts == most then break end
  start = earliestStart(windows)
until start - now > TOGETHER_MS
tidyLog()
if probeOverdue then beginProbe(start) end
return answer('granted', starts[1], probeOverdue and 1 or 0, unpack(starts, 2))
