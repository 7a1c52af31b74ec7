-- Takes back a recorded call that surely never left, and its price: waiting without calling is free.
-- `monthKey`, `book` and `writeBooks` are from books.lua.
-- KEYS  1 the transaction's journal
-- ARGV  1 which call   2 the permit's id that it was recorded with   3 merchant, or ""
-- Once an outcome is stored (store.lua), no call is known by its permit any more, but for those of an upgrade.
local journal = redis.call('HMGET', KEYS[1], 'calls', 'sentBy', 'sentAt', 'bookedOn', 'bookedFor')
if journal[1] ~= ARGV[1] or journal[2] ~= ARGV[2] then return 0 end
if journal[4] then
  book(journal[4], ARGV[3], { calls = -1, tenThousandths = -journal[5] })
  writeBooks()
  -- There is room again in what was spent.
  redis.call('HDEL', monthKey(journal[4]), 'stoppedAt', 'stoppedBy', 'stoppedAt ' .. journal[4], 'stoppedBy ' .. journal[4])
  redis.call('HINCRBY', KEYS[1], 'accounted', -1)
end
redis.call('HSET', KEYS[1], 'calls', ARGV[1] - 1, 'sentAt', (string.gsub(journal[3], ',?[^,]*$', '')))
redis.call('HDEL', KEYS[1], 'sentBy', 'sentUnder', 'nextCallAt', 'bookedOn', 'bookedFor')
return 1
