-- Ends holds before their time: the next call probes, and lifts them where it is answered well.
-- `now`, `exact` and the names in capitals are from ledger-rules.ts.
-- KEYS  1 audit   2 … holds
-- ARGV  1 act   2 by whom   3 reason   4 details, JSON   5 … `until` of each hold, as the operator saw it
-- Gives  how many were ended
local details, ended = cjson.decode(ARGV[4]), {}

for i = 2, #KEYS do
  local hold = redis.call('HMGET', KEYS[i], 'until', 'probedAt', 'kind', 'code', 'by')
  -- Nobody agreed to end a hold that began, or was made longer, since; and there is one probe at a time.
  if hold[1] == ARGV[i + 3] and not hold[2] and tonumber(hold[1]) > now then
    redis.call('HSET', KEYS[i], 'until', exact(now))
    redis.call('PEXPIRE', KEYS[i], HOLD_KEPT_MS)
    ended[#ended + 1] = { kind = hold[3], code = hold[4], by = hold[5], untilMs = math.floor(hold[1]) }
  end
end

if #ended > 0 then
  details.before = ended
  redis.call('XADD', KEYS[1], '*', 'v', 1, 'act', ARGV[1], 'by', ARGV[2], 'at', exact(now), 'reason', ARGV[3],
    'details', cjson.encode(details))
end
return #ended
