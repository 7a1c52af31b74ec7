-- Takes a transaction for work, or says why it cannot be taken. One round trip for all that is known.
-- `now` is from gathered-script.ts, `whole` and `note` are from script.ts, what is in capitals is from journal.ts.
-- KEYS  1 the transaction's journal   2 the payer's stored score   3 the payer's flight
-- ARGV  1 token   2 digest of the content   3 what the delivery says of the past (History in claim.ts) as JSON, or ""
--       4 what it is to the payer's flight: it "leads", "follows" or is "apart"
--       5 whether it needs a lease: "always", "unless-scored" (where a score is stored, that is its answer), "never"
-- Gives 'new', now, the stored score or false: nobody knew of it, and it is claimed without a lease
--       'claimed', 'leased' (somebody else has it) or 'following' (somebody else leads the payer's flight), each with: ms until its
--         next call may be made, or until that lease ends   calls   replays   when it was first taken up   now   forgiven
--         calls; 'claimed', which has a lease, also: the stored score, or false   the fallback that stands, or false
--       'settled', the outcome's kind and JSON    'conflict', calls: the id is known with other content
-- A flight names the claim that is about to bring the payer's score, and lives for as long as that claim does.
-- Longer than five minutes a claim is in hand only while Redis or the broker is away (delivery.ts).
local FLIGHT_KEPT_S = '600'
local INSTANCES_KEPT = 8
local digest = redis.call('HGET', KEYS[1], 'digest')
-- Where scores are used no longer, nor are those that are there.
local score = CACHE_TTL_S ~= '0' and redis.call('GET', KEYS[2])
-- Where no call is needed, no lease is: of two who answer it, the first outcome wins, and the journal begins with it.
local needsLease = ARGV[5] == 'always' or (ARGV[5] == 'unless-scored' and not score)
-- Most are new, say nothing of a past, and need no lease: they end here.
if not digest and ARGV[3] == '' and not needsLease then return { 'new', now, score } end

local said = ARGV[3] == '' and { calls = 0, replays = 0, replay = 'none' } or cjson.decode(ARGV[3])
local isReplay = said.replay ~= 'none'
local journal = digest and redis.call('HMGET', KEYS[1], 'calls', 'nextCallAt', 'token', 'leaseUntil', 'kind', 'body', 'replays',
  'firstAt', 'instances', 'forgiven') or {}
local token, leaseUntil, kind, body = journal[3], tonumber(journal[4] or 0), journal[5], journal[6]
local knownCalls = tonumber(journal[1] or 0)
local calls = math.max(knownCalls, said.calls)
local replays = tonumber(journal[7] or 0)
local instance, instances = said.instance or '', journal[9] or ''
local isCopy = instance ~= '' and string.find(',' .. instances .. ',', ',' .. instance .. ',', 1, true) ~= nil

if digest then redis.call('EXPIRE', KEYS[1], JOURNAL_TTL_S) end

if digest and digest ~= ARGV[2] then
  -- A dead letter may be repaired and replayed: its content is not binding, that of an answer is.
  if not (kind == 'dead-letter' and isReplay) then return { 'conflict', calls } end
end

-- A letter that was put back is known by its instance when it comes again. Those that are forgotten have a lower number.
local function noteInstance()
  if instance == '' or isCopy then return false end
  local kept = string.match(instances, '^[^,]*' .. string.rep(',?[^,]*', INSTANCES_KEPT - 2))
  redis.call('HSET', KEYS[1], 'instances', kept == '' and instance or (instance .. ',' .. kept))
  return true
end

local standing
if said.isUpgrade and kind == 'result' and cjson.decode(body).source == 'fallback' then
  standing, kind = body, false
end

if kind then
  -- A replay reopens a dead letter, never an answer. It carries the number of the dead letter that it puts back: an
  -- outcome with a higher one came of that letter already, or of a later one. Where it says which letter it is, it is
  -- known when it comes again; a fresh delivery that says nothing is a replay whatever its number.
  local isNewer = said.replays >= replays or (instance ~= '' and digest ~= ARGV[2])
  local reopens = kind == 'dead-letter' and isReplay and not isCopy and
    (isNewer or (instance == '' and said.replay == 'fresh'))
  if not reopens then
    noteInstance()
    return { 'settled', kind, body }
  end
  replays = replays + 1
  redis.call('HDEL', KEYS[1], 'kind', 'body')
end
-- A replay is one more than the letter knows of that it puts back, however often it is delivered, and also where nobody
-- remembers the letter.
replays = math.min(MOST_REPLAYS, math.max(replays, isReplay and said.replays + 1 or said.replays))

-- Ms that the lease of somebody else who leads will live for. The leader's journal is named by the flight.
local function othersFlightMs()
  local flight = redis.call('HMGET', KEYS[3], 'journal', 'token')
  if not flight[1] or flight[2] == ARGV[1] then return 0 end
  local leader = redis.call('HMGET', flight[1], 'token', 'leaseUntil')
  return leader[1] == flight[2] and math.max(0, tonumber(leader[2] or 0) - now) or 0
end

-- Read before a journal is begun: where the flight's key holds what is not ours, the script fails here, and begins none.
local flightMs = (score or ARGV[4] == 'apart') and 0 or othersFlightMs()

if calls > knownCalls then
  -- Told at once, whoever has the lease: the journal was lost, and whoever took it up since hears of it at their next call.
  redis.call('HSET', KEYS[1], 'calls', calls)
  redis.call('HDEL', KEYS[1], 'sentBy', 'sentUnder')
  -- Calls that only a dead letter still knows of were paid for, and booked, when it was stored. Those that only a
  -- waiting copy knows of were not, or Redis has lost them together with what was booked: they are booked with the outcome.
  if said.replay == 'fresh' or said.replay == 'again' then redis.call('HSET', KEYS[1], 'accounted', calls) end
end

local firstAt = tonumber(journal[8] or now)
local forgiven = tonumber(journal[10] or 0)
if token and token ~= ARGV[1] and leaseUntil > now then
  return { 'leased', leaseUntil - now, calls, replays, firstAt, now, forgiven }
end

if noteInstance() then forgiven = math.max(forgiven, math.min(calls, said.forgiven or 0)) end

local isFollowing = flightMs > 0 and ARGV[4] == 'follows'

local fields = { 'v', '1', 'digest', ARGV[2], 'calls', whole(calls), 'replays', whole(replays), 'firstAt', whole(firstAt) }
if forgiven > 0 then note(fields, 'forgiven', forgiven) end
if not isFollowing then
  note(fields, 'token', ARGV[1])
  note(fields, 'leaseUntil', whole(now + LEASE_MS))
end
redis.call('HSET', KEYS[1], unpack(fields))
if not digest then redis.call('EXPIRE', KEYS[1], JOURNAL_TTL_S) end
if isFollowing then return { 'following', flightMs, calls, replays, firstAt, now, forgiven } end

if not score and ARGV[4] ~= 'apart' and flightMs == 0 then
  redis.call('HSET', KEYS[3], 'v', '1', 'journal', KEYS[1], 'token', ARGV[1])
  redis.call('EXPIRE', KEYS[3], FLIGHT_KEPT_S)
end
local nextCallIn = math.max(0, tonumber(journal[2] or 0) - now)
return { 'claimed', nextCallIn, calls, replays, firstAt, now, forgiven, score, standing or false }
