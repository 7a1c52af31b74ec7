-- After a loss of memory in Redis: a replica gives back what it remembers of all replicas. The strictest wins, so that
-- any number of them may tell, in any order, and again.
-- KEYS  the ledger's, as ledger.lua names them
-- ARGV  1 generation that it is meant for   2 the memory, as JSON (ledger-memory.ts)
-- Gives  1 where it was taken
readState()
if state.generation ~= ARGV[1] then return 0 end
local memory = cjson.decode(ARGV[2])

-- Another Redis may have another clock. Less than a second is within what a step is counted for beyond its window.
local shift = now - memory.expectedNow
if math.abs(shift) < bySecond.ms then shift = 0 end

local function restoreCalls(steps, calls)
  local shiftSteps = math.ceil(shift / steps.ms)
  local oldest, newest
  for _, counted in ipairs(calls) do
    local step = counted[1] + shiftSteps
    if counted[2] > callsIn(steps, step) then redis.call('HSET', steps.key, step, counted[2]) end
    oldest, newest = math.min(oldest or step, step), math.max(newest or step, step)
  end
  if not newest then return end
  local known = number('oldest' .. steps.letter)
  set('oldest' .. steps.letter, known == 0 and oldest or math.min(known, oldest))
  set('last' .. steps.letter, math.max(number('last' .. steps.letter), newest))
  redis.call('PEXPIRE', steps.key, steps.ttl)
end

local function restoreMarks(marks)
  for field, value in pairs(marks) do
    if string.match(field, '^cap%d') then
      set(field, math.min(tonumber(state[field] or value), value))
    else
      set(field, math.max(number(field), value + shift))
    end
  end
end

-- The longer of two holds stands.
local function restoreHold(key, hold)
  if not hold.kind then return end
  local standing = redis.call('HGET', key, 'until')
  local untilMs = hold['until'] + shift
  if standing and tonumber(standing) >= untilMs then return end
  redis.call('DEL', key)
  for field, value in pairs(hold) do redis.call('HSET', key, field, value) end
  redis.call('HSET', key, 'until', exact(untilMs))
  redis.call('PEXPIRE', key, math.max(0, math.ceil(untilMs - now)) + HOLD_KEPT_MS)
end

-- What was set last, be it that none is set any more.
local function restoreQuota(quota)
  if not quota.at then return end
  local setAt = redis.call('HGET', setQuotaKey, 'at')
  if setAt and tonumber(setAt) >= tonumber(quota.at) then return end
  redis.call('DEL', setQuotaKey)
  for field, value in pairs(quota) do redis.call('HSET', setQuotaKey, field, value) end
end

restoreCalls(bySecond, memory.seconds)
restoreCalls(byMinute, memory.minutes)
restoreMarks(memory.marks)
restoreHold(freezeKey, memory.freeze)
restoreHold(permissionKey, memory.permission)
restoreQuota(memory.setQuota)
for _, strike in ipairs(memory.strikes) do
  redis.call('ZADD', strikesKey, 'NX', exact(strike[2] + shift), strike[1])
  redis.call('PEXPIRE', strikesKey, STRIKE_MEMORY_MS + 3600000)
end
local earlier = number('seededGap')
set('seededGap', earlier == 0 and memory.gap or math.min(earlier, memory.gap))
set('seededAsOf', math.max(number('seededAsOf'), memory.asOf + shift))
-- Every running sum is counted anew.
set('grants', number('grants') + 1)
saveState()
return 1
