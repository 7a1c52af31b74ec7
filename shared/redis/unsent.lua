-- Takes back a recorded call that surely never left: waiting without calling is free.
-- KEYS  1 the transaction's journal   ARGV  1 which call   2 the permit's id that it was recorded with
-- Once an outcome is stored (store.lua), no call is known by its permit any more, but for those of an upgrade.
local journal = redis.call('HMGET', KEYS[1], 'calls', 'sentBy', 'sentAt')
if journal[1] ~= ARGV[1] or journal[2] ~= ARGV[2] then return 0 end
redis.call('HSET', KEYS[1], 'calls', ARGV[1] - 1, 'sentAt', (string.gsub(journal[3], ',?[^,]*$', '')))
redis.call('HDEL', KEYS[1], 'sentBy', 'sentUnder', 'nextCallAt')
return 1
