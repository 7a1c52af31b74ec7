-- Records that call number N may leave now. Written before the call, so that a crash cannot hide it.
-- The same token may record the same N again: a permit went stale before anything left. Nobody else may: their N was made.
-- KEYS  1 the transaction's journal   2 the quota ledger's state   3 its freeze   4 its permission hold
-- ARGV  1 token   2 N   3 ms until the call after this one may be made   4 lease, ms   5 time to live, s   6 permit's id
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local journal = redis.call('HMGET', KEYS[1], 'token', 'calls', 'kind', 'body', 'sentAt', 'sentUnder')
-- Where an outcome is stored, nobody has a lease but for the sake of an upgrade (claim.lua).
if journal[3] and journal[1] ~= ARGV[1] then return { 'settled', journal[3], journal[4] } end
if journal[1] ~= ARGV[1] then return { 'lost' } end
-- Since the call was permitted, a limit answer came, or a hold: it would be one call too many. A hold's own probe may leave.
local function isHeld(key)
  local hold = redis.call('HMGET', key, 'until', 'probedAt')
  return hold[1] and not hold[2] and tonumber(hold[1]) > now
end
if tonumber(redis.call('HGET', KEYS[2], 'heededUntil') or 0) > now or isHeld(KEYS[3]) or isHeld(KEYS[4]) then
  return { 'withdrawn' }
end

local calls, n = tonumber(journal[2] or 0), tonumber(ARGV[2])
local earlier = journal[5] or ''
local again = calls == n and journal[6] == ARGV[1]
if not again and calls ~= n - 1 then return { 'lost' } end
if again then earlier = string.gsub(earlier, ',?[^,]*$', '') end

redis.call('HSET', KEYS[1], 'calls', n, 'sentBy', ARGV[6], 'sentUnder', ARGV[1], 'nextCallAt', now + ARGV[3], 'leaseUntil', now + ARGV[4],
  'sentAt', earlier == '' and now or (earlier .. ',' .. now))
redis.call('EXPIRE', KEYS[1], ARGV[5])
return { 'recorded' }
