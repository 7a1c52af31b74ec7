-- Records that call number N may leave now, and books its price: before the call, so that no crash can hide it, and no
-- number of replicas can spend more than the budget.
-- The same token may record the same N again: a permit went stale before anything left. Nobody else may: their N was made.
-- `dayOf`, `monthKey`, `book`, `writeBooks` and BOOKS_KEPT_S are from books.lua, where the books' key is made, `now` from
-- gathered-script.ts, `whole` from script.ts, and what else is in capitals from journal.ts; a budget may be nil.
-- KEYS  1 the transaction's journal   2 the quota ledger's state   3 its freeze   4 its permission hold
-- ARGV  1 token   2 N   3 ms until the call after this one may be made   4 permit's id   5 merchant, or ""
-- Gives 'recorded' or 'unaffordable', each with: now, what the day's and the month's calls cost so far; 'unaffordable' also:
--         whose budget has no room, 'day' or 'month'
--       'withdrawn' (it needs another permit)   'lost' (the lease went)   'settled', the outcome's kind and JSON
local journal = redis.call('HMGET', KEYS[1], 'token', 'calls', 'kind', 'body', 'sentAt', 'sentUnder', 'accounted')
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

local day = dayOf(now)
local books = monthKey(day)
local spent = redis.call('HMGET', books, 'tenThousandths ' .. day, 'stoppedAt ' .. day, 'tenThousandths', 'stoppedAt')
local periods = {
  { name = 'day', suffix = ' ' .. day, budget = DAYS_BUDGET, spent = tonumber(spent[1] or 0), isStopped = spent[2] },
  { name = 'month', suffix = '', budget = MONTHS_BUDGET, spent = tonumber(spent[3] or 0), isStopped = spent[4] },
}
local booking = {}
if not again then
  for _, period in ipairs(periods) do
    if period.budget and period.spent + CALL_PRICE > period.budget then
      -- Told to whoever looks; gone with the next call that is recorded.
      if not period.isStopped then
        redis.call('HSET', books, 'stoppedAt' .. period.suffix, now, 'stoppedBy' .. period.suffix, period.budget)
        if redis.call('HSETNX', books, 'v', 1) == 1 then redis.call('EXPIRE', books, BOOKS_KEPT_S) end
      end
      return { 'unaffordable', now, periods[1].spent, periods[2].spent, period.name }
    end
  end
  book(day, ARGV[5], { calls = 1, tenThousandths = CALL_PRICE })
  -- Whoever is asked about together with this one reads what is spent.
  writeBooks()
  for _, period in ipairs(periods) do
    period.spent = period.spent + CALL_PRICE
    if period.isStopped then redis.call('HDEL', books, 'stoppedAt' .. period.suffix, 'stoppedBy' .. period.suffix) end
  end
  -- What store.lua need not book any more, and unsent.lua would have to take back.
  booking = { 'accounted', whole(tonumber(journal[7] or 0) + 1), 'bookedOn', day, 'bookedFor', whole(CALL_PRICE) }
end

redis.call('HSET', KEYS[1], 'calls', ARGV[2], 'sentBy', ARGV[4], 'sentUnder', ARGV[1], 'nextCallAt', whole(now + ARGV[3]),
  'leaseUntil', whole(now + LEASE_MS), 'sentAt', earlier .. (earlier == '' and '' or ',') .. whole(now), unpack(booking))
redis.call('EXPIRE', KEYS[1], JOURNAL_TTL_S)
return { 'recorded', now, periods[1].spent, periods[2].spent }
