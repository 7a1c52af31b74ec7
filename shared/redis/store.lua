-- Stores how a transaction ended, with the score, the result and the spend. The first outcome wins, whoever
-- brings it: an answer that was paid for is never refused because a lease ran out.
-- KEYS  1 the transaction's journal   2 its result   3 the payer's stored score   4 the day's spend
-- ARGV  1 digest   2 "result" or "dead-letter"   3 the outcome's JSON   4 calls it speaks of   5 journal's time to live, s
--       6 result's time to live, s   7 score to keep, or ""   8 its time to live, s   9 price of a call
--       10 replays   11 the spend's time to live, s
local journal = redis.call('HMGET', KEYS[1], 'kind', 'body', 'calls', 'accounted', 'digest')
local calls = math.max(tonumber(journal[3] or 0), tonumber(ARGV[4]))
-- A repaired dead letter was replayed meanwhile: this is no answer to what the id stands for now.
if journal[5] and journal[5] ~= ARGV[1] then return { 'conflict', calls } end

-- The only outcome that another one replaces is a fallback: by a result of a higher revision.
local function isUpgrade()
  if journal[1] ~= 'result' or ARGV[2] ~= 'result' then return false end
  local standing, brought = cjson.decode(journal[2]), cjson.decode(ARGV[3])
  return standing.source == 'fallback' and brought.revision > standing.revision
end
if journal[1] and not isUpgrade() then return { 'settled', journal[1], journal[2] } end

if calls > tonumber(ARGV[4]) then return { 'recount', calls } end

local unaccounted = calls - tonumber(journal[4] or 0)
if unaccounted > 0 then
  redis.call('HSET', KEYS[4], 'v', 1)
  redis.call('HINCRBY', KEYS[4], 'calls', unaccounted)
  redis.call('HINCRBY', KEYS[4], 'tenThousandths', unaccounted * ARGV[9])
  redis.call('EXPIRE', KEYS[4], ARGV[11])
end
redis.call('HSET', KEYS[1], 'v', 1, 'digest', ARGV[1], 'kind', ARGV[2], 'body', ARGV[3], 'calls', calls,
  'accounted', calls, 'replays', ARGV[10])
redis.call('HDEL', KEYS[1], 'token', 'leaseUntil', 'sentBy', 'sentUnder')
-- A replay of a dead letter is called at once. An upgrade is not: a call that was under way when the fallback was stored
-- may yet bring the score.
if ARGV[2] == 'dead-letter' then redis.call('HDEL', KEYS[1], 'nextCallAt') end
redis.call('EXPIRE', KEYS[1], ARGV[5])
if ARGV[2] == 'result' then redis.call('SET', KEYS[2], ARGV[3], 'EX', ARGV[6]) end
if ARGV[7] ~= '' then redis.call('SET', KEYS[3], ARGV[7], 'EX', ARGV[8]) end
return { 'stored' }
