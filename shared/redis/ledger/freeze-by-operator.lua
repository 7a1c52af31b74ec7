-- An operator wants no calls, for a time or until they are resumed. Shortens nothing.
-- `now`, `exact` and the names in capitals are from ledger-rules.ts.
-- KEYS  1 audit   2 freeze
-- ARGV  1 act   2 by whom   3 reason   4 details, JSON   5 for so long, ms, but   6 until this moment at most
-- Gives  JSON: whether something changed, the hold before (where there was one), and the hold that stands now
local forMs = math.min(ARGV[5], ARGV[6] - now)

local function readHold()
  local fields = redis.call('HMGET', KEYS[2], 'kind', 'code', 'by', 'until')
  if not fields[4] then return nil end
  return { kind = fields[1], code = fields[2], by = fields[3], untilMs = math.floor(fields[4]) }
end

local before = readHold()
local left = before and math.max(0, redis.call('HGET', KEYS[2], 'until') - now) or 0
local stands = left > 0 and redis.call('HEXISTS', KEYS[2], 'probedAt') == 0
if stands and left >= forMs then return cjson.encode({ isChanged = false, before = before, after = before }) end

local ms = math.max(left, forMs)
if stands and before.kind ~= 'operator' then
  -- The gateway's freeze only gets longer: who resumes it must know whose it is.
  redis.call('HSET', KEYS[2], 'until', exact(now + ms))
else
  -- The answer to a probe that is under way lifts nothing now, but may still bring a ban.
  redis.call('DEL', KEYS[2])
  redis.call('HSET', KEYS[2], 'v', 1, 'kind', 'operator', 'code', ARGV[3], 'setAt', exact(now), 'step', 0,
    'until', exact(now + ms), 'by', ARGV[2], 'since', exact(now))
end
redis.call('PEXPIRE', KEYS[2], math.ceil(ms) + HOLD_KEPT_MS)

local after, details = readHold(), cjson.decode(ARGV[4])
details.before, details.after = before, after
redis.call('XADD', KEYS[1], '*', 'v', 1, 'act', ARGV[1], 'by', ARGV[2], 'at', exact(now), 'reason', ARGV[3],
  'details', cjson.encode(details))
return cjson.encode({ isChanged = true, before = before, after = after })
