-- A limit answer: a strike, and a lesson about what a window really admits, for every replica.
-- KEYS  the ledger's, as ledger.lua names them
-- ARGV  1 permit's id   2 longest life of a request, ms   3 the replica's quota   4 ms since the call left
--       5 ms that the gateway asks to wait, or 0
-- Gives  the ms of the window that was capped, or 0
local permitId, ownLife, departedAt, patience = ARGV[1], tonumber(ARGV[2]), now - ARGV[4], tonumber(ARGV[5])
local life

-- The call was answered, but is told here and not by permit-answered.lua: its place among those under way must not be
-- free before it is a strike. Gives when it had arrived at the latest.
local function noteAnswered()
  local seen = redis.call('HMGET', latencyKey, 'least', 'before', 'answers', 'answersBefore')
  local least = seen[1] and math.min(seen[1], seen[2] or math.huge) or 0
  local answers = tonumber(seen[3] or 0) + tonumber(seen[4] or 0)
  redis.call('ZADD', logKey, 'XX', 'LT', exact(now - credit(math.min(least, now - departedAt), answers)), permitId)
  return math.min(now, tonumber(redis.call('ZSCORE', logKey, permitId) or now))
end

-- Those of the last two minutes, oldest first: when each call arrived at the latest, and whether it was refused.
local function arrivalsUpTo(moment)
  local flat = redis.call('ZRANGEBYSCORE', logKey, moment - 2 * LONGEST_LOGGED_MS, exact(moment), 'WITHSCORES')
  local arrivals, refused = {}, {}
  for _, id in ipairs(redis.call('ZRANGE', strikesKey, 0, -1)) do refused[id] = true end
  for i = 1, #flat, 2 do
    local id = flat[i]
    arrivals[#arrivals + 1] = { at = tonumber(flat[i + 1]), isRefused = refused[id], isThis = id == permitId }
  end
  return arrivals
end

-- The most calls, itself included, that the window held when one of the calls after `since` was accepted.
local function mostAccepted(window, arrivals, since)
  local most, first = 0, 1
  for i, arrival in ipairs(arrivals) do
    while arrivals[first].at <= arrival.at - window.ms do first = first + 1 end
    if arrival.at > since and not arrival.isRefused then most = math.max(most, i - first + 1) end
  end
  return most
end

-- Calls that the gateway had counted in the window when it refused this one; those that are still unanswered had
-- arrived, too, if they left before it.
local function heldWhenRefused(window, arrivals, moment)
  if window.ms > LONGEST_LOGGED_MS then return math.max(0, runningSum(window, life) - 1) end
  local held = redis.call('ZCOUNT', logKey, '(' .. exact(now), exact(departedAt + ownLife))
  for _, arrival in ipairs(arrivals) do
    if arrival.at > moment - window.ms and not arrival.isThis then held = held + 1 end
  end
  return held
end

-- A window that held nothing cannot have been full. Of the others it is the shortest one that held more than it ever did
-- when a call was accepted. Windows that are judged by counts keep no record of that: they are blamed where no other can
-- be, and a good part of their quota was used.
local function windowToBlame(windows, arrivals, moment)
  local since = math.max(number('brakedAt'), moment - LONGEST_LOGGED_MS)
  local shortest
  for _, window in ipairs(windows) do
    window.held = heldWhenRefused(window, arrivals, moment)
    local isLogged = window.ms <= LONGEST_LOGGED_MS
    if window.held > 0 and (isLogged or window.held >= window.admits * BLAMED_FROM) then
      shortest = shortest or window
      if isLogged and window.held + 1 > mostAccepted(window, arrivals, since) then return window end
    end
  end
  return shortest or windows[1]
end

readState()
life = math.max(ownLife, number('life'))
local moment = noteAnswered()
redis.call('ZADD', strikesKey, exact(now), permitId)
redis.call('ZREMRANGEBYSCORE', strikesKey, '-inf', now - STRIKE_MEMORY_MS)
redis.call('PEXPIRE', strikesKey, STRIKE_MEMORY_MS + 3600000)
if patience > 0 then set('patienceUntil', math.max(number('patienceUntil'), now + patience)) end

local capped = 0
-- Calls that were permitted before the last lesson tell nothing new, and none was since, for some time.
if departedAt >= number('heededUntil') then
  local window = windowToBlame(windowsInForce(ARGV[3]), arrivalsUpTo(moment), moment)
  capped = window.ms
  set('cap' .. capped, math.min(window.calls, math.max(1, window.held)))
  set('capAt' .. capped, now)
  set('raises' .. capped, 0)
  set('brakedAt', now)
  set('heededUntil', now + math.min(capped, LONGEST_PAUSE_MS))
  set('patienceUntil', math.max(number('patienceUntil'), number('heededUntil')))
end
saveState()
return capped
