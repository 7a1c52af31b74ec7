-- Takes up a replay that nobody runs, and writes that into the audit. Of two who want to, one does.
-- KEYS  1 audit   2 the replay
-- ARGV  1 act   2 by whom   3 why   4 who runs it from now on   5 ms that it counts as alive   6 id
-- Gives  "absent", "finished", "running" (or it was until some seconds ago), or "taken"
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local replay = redis.call('HMGET', KEYS[2], 'state', 'aliveUntil', 'counts')
local state = replay[1]
if not state then return 'absent' end
if state == 'finished' then return 'finished' end
if state == 'running' and tonumber(replay[2] or 0) >= now then return 'running' end

-- A pause that was wanted of whoever ran it before is not wanted of who goes on.
redis.call('HDEL', KEYS[2], 'wanted')
redis.call('HSET', KEYS[2], 'state', 'running', 'runner', ARGV[4], 'aliveUntil', now + ARGV[5])
-- How far it was, as JSON that was JSON before.
local details = string.format('{"replay":%s,"state":%s,"counts":%s}', cjson.encode(ARGV[6]), cjson.encode(state), replay[3])
redis.call('XADD', KEYS[1], '*', 'v', 1, 'act', ARGV[1], 'by', ARGV[2], 'at', string.format('%.0f', now), 'reason', ARGV[3],
  'details', details)
return 'taken'
