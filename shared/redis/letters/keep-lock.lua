-- Renews or ends a lock, as long as it is still that one.
-- KEYS  1 lock   ARGV  1 its value   2 ms that it lives on, or 0 to end it
-- Gives  1, or 0 where it is somebody else's, or nobody's
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
if tonumber(ARGV[2]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) else redis.call('DEL', KEYS[1]) end
return 1
