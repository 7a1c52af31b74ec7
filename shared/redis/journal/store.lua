-- Stores how a transaction ended, with the score, the result and what it cost and saved. The first outcome wins, whoever
-- brings it: an answer that was paid for is never refused because a lease ran out.
-- `dayOf`, `book` and `figuresOf` are from books.lua, `now` and NOW from gathered-script.ts, which writes the books at the
-- end, `whole` and `note` from script.ts, and what else is in capitals from journal.ts. The books' key is made in books.lua.
-- KEYS  1 the transaction's journal   2 its result   3 the payer's stored score
-- ARGV  1 digest   2 "result" or "dead-letter"   3 the outcome's JSON   4 calls it speaks of   5 score to keep, or ""
--       6 replays   7 merchant, or ""   8 the result's source, or ""
-- Gives 'stored'   'settled', the kind and JSON of the outcome that stands   'recount', calls: the outcome speaks of fewer
--       'conflict', calls: the id is known with other content
-- Most are new: the rest of the journal is read where there is one.
local digest = redis.call('HGET', KEYS[1], 'digest')
local journal = digest and redis.call('HMGET', KEYS[1], 'kind', 'body', 'calls', 'accounted', 'firstAt') or {}
local calls = math.max(tonumber(journal[3] or 0), tonumber(ARGV[4]))
-- A repaired dead letter was replayed meanwhile: this is no answer to what the id stands for now.
if digest and digest ~= ARGV[1] then return { 'conflict', calls } end

-- The only outcome that another one replaces is a fallback: by a result of a higher revision.
local isUpgrade = false
if journal[1] == 'result' and ARGV[2] == 'result' then
  local standing, brought = cjson.decode(journal[2]), cjson.decode(ARGV[3])
  isUpgrade = standing.source == 'fallback' and brought.revision > standing.revision
end
if journal[1] and not isUpgrade then
  -- A score that was paid for answers the payer's next transactions all the same.
  if ARGV[5] ~= '' then redis.call('SET', KEYS[3], ARGV[5], 'EX', CACHE_TTL_S) end
  return { 'settled', journal[1], journal[2] }
end

if calls > tonumber(ARGV[4]) then return { 'recount', calls } end

-- Calls are booked before they leave (sent.lua), but for those that only a replica or a message still knew of.
local figures = figuresOf(ARGV[8], calls, calls - tonumber(journal[4] or 0), not journal[1])
if figures then book(dayOf(now), ARGV[7], figures) end

local fields = { 'v', '1', 'digest', ARGV[1], 'kind', ARGV[2], 'body', ARGV[3] }
-- Nought is left out: most transactions need no call, and a tenth of what Redis holds of them would be noughts.
if calls > 0 then
  note(fields, 'calls', whole(calls))
  note(fields, 'accounted', whole(calls))
end
if ARGV[6] ~= '0' then note(fields, 'replays', ARGV[6]) end
-- Of an answer that stands for good nobody asks when its transaction was first taken up; a replay and an upgrade do.
if ARGV[2] == 'dead-letter' or ARGV[8] == 'fallback' then note(fields, 'firstAt', journal[5] or NOW) end
redis.call('HSET', KEYS[1], unpack(fields))
if digest then
  redis.call('HDEL', KEYS[1], 'token', 'leaseUntil', 'sentBy', 'sentUnder', 'bookedOn', 'bookedFor')
end
-- A replay of a dead letter is called at once. An upgrade is not: a call that was under way when the fallback was stored
-- may yet bring the score, until it has surely ended.
if ARGV[2] == 'dead-letter' then redis.call('HDEL', KEYS[1], 'nextCallAt') end
if ARGV[8] == 'fallback' then
  local times = redis.call('HMGET', KEYS[1], 'sentAt', 'nextCallAt')
  local lastSentAt = string.match(times[1] or '', '[^,]+$')
  if lastSentAt then
    local endedAt = lastSentAt + LONGEST_CALL_MS
    redis.call('HSET', KEYS[1], 'nextCallAt', whole(math.max(endedAt, tonumber(times[2] or 0))))
  end
end
redis.call('EXPIRE', KEYS[1], JOURNAL_TTL_S)
if ARGV[2] == 'result' then redis.call('SET', KEYS[2], ARGV[3], 'EX', RESULT_TTL_S) end
if ARGV[5] ~= '' then redis.call('SET', KEYS[3], ARGV[5], 'EX', CACHE_TTL_S) end
return { 'stored' }
