-- Tells the journal again what a replica remembers of transactions whose leases it could not renew. A journal that is
-- gone (Redis lost its data) is written anew, lease included. One that is there is newer, whoever holds it: it only
-- learns of calls that it does not know of, and its owner, whose count is wrong then, of that at its next call.
-- KEYS  journals
-- ARGV  1 lease, ms   2 journal's time to live, s, and for each key: token, digest of the content, calls, replays,
--       calls forgiven, when it was first taken up, ms until the next call may be made
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local restored = 0
for i, key in ipairs(KEYS) do
  local at = 7 * i - 4
  local token, digest, calls = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local journal = redis.call('HMGET', key, 'digest', 'calls', 'kind')
  if not journal[1] then
    redis.call('HSET', key, 'v', 1, 'digest', digest, 'calls', calls, 'replays', ARGV[at + 3], 'forgiven', ARGV[at + 4],
      'firstAt', ARGV[at + 5], 'token', token, 'leaseUntil', now + ARGV[1], 'nextCallAt', now + ARGV[at + 6])
    redis.call('EXPIRE', key, ARGV[2])
    restored = restored + 1
  elseif journal[1] == digest and not journal[3] and tonumber(journal[2] or 0) < calls then
    redis.call('HSET', key, 'calls', calls)
    redis.call('HDEL', key, 'sentBy', 'sentUnder')
  end
end
return restored
