-- After a loss of memory in Redis: a replica gives back what it remembers of all replicas. The strictest wins, so that
-- any number of them may tell, in any order, and again.
-- KEYS  the ledger's, as ledger.lua names them
-- ARGV  1 generation that it is meant for   2 the memory, as JSON (ledger-memory.ts)
-- Gives  1 where it was taken
readState()
if state.generation ~= ARGV[1] then return 0 end
local memory = cjson.decode(ARGV[2])

-- Another Redis may have another clock. Less than a second is nothing beside a life, which each step counts longer for.
local shift = math.abs(memory.shift) < bySecond.ms and 0 or memory.shift
local asOf = memory.asOf + shift
-- Who has slept knows of calls and strikes, but not of what was lifted or raised since.
local isStale = asOf < number('seededAsOf') - STALE_AFTER_MS
-- A memory that began with an unknown past does not make it known.
local isWhole = not memory.marks.pastUnknown

local function restoreCalls(steps, calls)
  if #calls == 0 then return end
  local flat, known, news = redis.call('HGETALL', steps.key), {}, {}
  for i = 1, #flat, 2 do known[tonumber(flat[i])] = tonumber(flat[i + 1]) end
  local shiftSteps = math.ceil(shift / steps.ms)
  local oldest, newest = math.huge, -math.huge
  for _, counted in ipairs(calls) do
    local step = counted[1] + shiftSteps
    if counted[2] > (known[step] or 0) then
      news[#news + 1] = step
      news[#news + 1] = counted[2]
    end
    oldest, newest = math.min(oldest, step), math.max(newest, step)
  end
  -- Lua passes no more than some thousands of arguments at once.
  for i = 1, #news, 2000 do redis.call('HSET', steps.key, unpack(news, i, math.min(i + 1999, #news))) end
  local told = number('oldest' .. steps.letter)
  set('oldest' .. steps.letter, told == 0 and oldest or math.min(told, oldest))
  set('last' .. steps.letter, math.max(number('last' .. steps.letter), newest))
  redis.call('PEXPIRE', steps.key, steps.ttl)
end

local function restoreMarks(marks)
  for field, value in pairs(marks) do
    if string.match(field, '^cap%d') then
      set(field, math.min(tonumber(state[field] or value), value))
    elseif string.match(field, '^raises') then
      set(field, math.min(tonumber(state[field] or value), value))
    elseif field ~= 'pastUnknown' then
      set(field, math.max(number(field), value + shift))
    end
  end
end

-- The longer of two holds stands; one that only a stale memory knew of goes when a fresher one knows better.
local function restoreHold(key, hold)
  local standing = redis.call('HMGET', key, 'until', 'toldAsOf')
  if standing[2] and tonumber(standing[2]) < asOf - STALE_AFTER_MS then
    redis.call('DEL', key)
    standing = {}
  end
  if isStale or not hold.kind then return end
  local untilMs = hold['until'] + shift
  if standing[1] and tonumber(standing[1]) >= untilMs then return end
  redis.call('DEL', key)
  for field, value in pairs(hold) do redis.call('HSET', key, field, value) end
  redis.call('HSET', key, 'until', exact(untilMs), 'toldAsOf', exact(asOf))
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
restoreHold(freezeKey, memory.freeze)
restoreHold(permissionKey, memory.permission)
restoreQuota(memory.setQuota)
if not isStale then restoreMarks(memory.marks) end
for _, strike in ipairs(memory.strikes) do
  redis.call('ZADD', strikesKey, 'NX', exact(strike[2] + shift), strike[1])
  redis.call('PEXPIRE', strikesKey, STRIKE_MEMORY_MS + 3600000)
end
if isWhole then
  local earlier = number('seededGap')
  set('seededGap', earlier == 0 and memory.gap or math.min(earlier, memory.gap))
  set('seededAsOf', math.max(number('seededAsOf'), asOf))
  -- Who never saw Redis fall silent cannot say until when it granted.
  set('silentFrom', math.max(number('silentFrom'), memory.silentFrom and memory.silentFrom + shift or now))
end
-- Every running sum is counted anew, and heartbeats tell all of it again.
set('grants', number('grants') + 1)
set('retoldAt', math.floor(now))
saveState()
return 1
