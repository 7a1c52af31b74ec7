-- The gateway said that calls are useless or dangerous until something changes: none is made, then one probes.
-- `now`, `exact` and the names in capitals are from ledger-rules.ts.
-- KEYS  1 hold
-- ARGV  1 kind   2 code   3 first hold, ms   4 longest hold, ms   5 who says so
-- Gives  ms until it may be probed
local hold = redis.call('HMGET', KEYS[1], 'setAt', 'step', 'until', 'probedAt', 'kind')
local isSameKind = hold[5] == ARGV[1]
local step = isSameKind and hold[2] and tonumber(hold[2]) + 1 or 0
local ms = math.min(ARGV[3] * 2 ^ math.min(step, 30), tonumber(ARGV[4]))

-- Several calls fail of one cause: the first one set the hold. Only its probe can tell that it goes on. Of two causes
-- the one that holds longer stands; but an operator who resumes has to know what the gateway said.
local left = hold[1] and not hold[4] and hold[3] - now
if left and hold[5] == 'operator' then ms = math.max(ms, left)
elseif left and (isSameKind or left >= ms) then return math.ceil(math.max(0, left)) end

redis.call('HSET', KEYS[1], 'v', 1, 'kind', ARGV[1], 'code', ARGV[2], 'setAt', exact(now), 'step', step,
  'until', exact(now + ms), 'by', ARGV[5])
redis.call('HDEL', KEYS[1], 'probedAt')
redis.call('HSETNX', KEYS[1], 'since', exact(now))
redis.call('PEXPIRE', KEYS[1], math.ceil(ms) + HOLD_KEPT_MS)
return math.ceil(ms)
