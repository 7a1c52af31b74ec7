-- Takes a transaction for work, or says why it cannot be taken. One round trip for all that is known.
-- KEYS  1 the transaction's journal   2 the payer's stored score   3 the payer's flight
-- ARGV  1 token   2 digest of the content   3 lease, ms   4 journal's time to live, s
--       5 calls that a dead letter or a waiting copy says were made   6 replays that the delivery says
--       7 how a replay came: "fresh", "again" or "waited"; "" for what is none
--       8 what it is to the payer's flight: it "leads", "follows" or is "apart"
--       9 "upgrade" where a fallback that stands is no end, or ""
-- A flight names the claim that is about to bring the payer's score, and lives for as long as that claim does.
-- No claim is in hand for longer than five minutes.
local FLIGHT_KEPT_S = 600
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local journal = redis.call('HMGET', KEYS[1], 'digest', 'calls', 'nextCallAt', 'token', 'leaseUntil', 'kind', 'body', 'replays', 'firstAt')
local digest, token, leaseUntil, kind, body = journal[1], journal[4], tonumber(journal[5] or 0), journal[6], journal[7]
local known = tonumber(journal[2] or 0)
local calls = math.max(known, tonumber(ARGV[5]))
local replays = tonumber(journal[8] or 0)

redis.call('EXPIRE', KEYS[1], ARGV[4])

if digest and digest ~= ARGV[2] then
  -- A dead letter may be repaired and replayed: its content is not binding, that of an answer is.
  if not (kind == 'dead-letter' and ARGV[7] ~= '') then return { 'conflict', calls } end
end

local standing
if ARGV[9] == 'upgrade' and kind == 'result' and cjson.decode(body).source == 'fallback' then
  standing, kind = body, false
end

local saidReplays = tonumber(ARGV[6])
if kind then
  -- A replay reopens a dead letter, never an answer. A fresh delivery is a replay whatever it says of itself. One
  -- delivered again carries the number of the dead letter that it puts back: an outcome with a higher one is its own.
  local reopens = kind == 'dead-letter' and (ARGV[7] == 'fresh' or (ARGV[7] ~= '' and saidReplays >= replays))
  if not reopens then return { 'settled', kind, body } end
  replays = replays + 1
  redis.call('HDEL', KEYS[1], 'kind', 'body')
end
replays = math.max(replays, saidReplays)

if calls > known then
  -- Told at once, whoever has the lease: the journal was lost, and whoever took it up since hears of it at their next call.
  redis.call('HSET', KEYS[1], 'calls', calls)
  redis.call('HDEL', KEYS[1], 'sentBy', 'sentUnder')
  -- Calls that only a dead letter still knows of were paid for, and booked, when it was stored. Those that only a
  -- waiting copy knows of were not, or Redis has lost them together with what was booked: they are booked with the outcome.
  if ARGV[7] == 'fresh' or ARGV[7] == 'again' then redis.call('HSET', KEYS[1], 'accounted', calls) end
end

local firstAt = tonumber(journal[9] or now)
if token and token ~= ARGV[1] and leaseUntil > now then
  return { 'leased', leaseUntil - now, calls, replays, firstAt, now }
end

redis.call('HSET', KEYS[1], 'v', 1, 'digest', ARGV[2], 'calls', calls, 'replays', replays, 'firstAt', firstAt)
if not digest then redis.call('EXPIRE', KEYS[1], ARGV[4]) end

-- Ms that the lease of somebody else who leads will live for. The leader's journal is named by the flight.
local function othersFlightMs()
  local flight = redis.call('HMGET', KEYS[3], 'journal', 'token')
  if not flight[1] or flight[2] == ARGV[1] then return 0 end
  local leader = redis.call('HMGET', flight[1], 'token', 'leaseUntil')
  return leader[1] == flight[2] and math.max(0, tonumber(leader[2] or 0) - now) or 0
end

local score = redis.call('GET', KEYS[2])
if not score and ARGV[8] ~= 'apart' then
  local flightMs = othersFlightMs()
  if flightMs > 0 and ARGV[8] == 'follows' then return { 'following', flightMs, calls, replays, firstAt, now } end
  if flightMs == 0 then
    redis.call('HSET', KEYS[3], 'v', 1, 'journal', KEYS[1], 'token', ARGV[1])
    redis.call('EXPIRE', KEYS[3], FLIGHT_KEPT_S)
  end
end

redis.call('HSET', KEYS[1], 'token', ARGV[1], 'leaseUntil', now + ARGV[3])
local nextCallIn = math.max(0, tonumber(journal[3] or 0) - now)
return { 'claimed', calls, replays, nextCallIn, firstAt, now, score, standing or false }
