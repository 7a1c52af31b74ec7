-- A probe was answered as if nothing were wrong: the holds it probed are over.
-- KEYS  holds
for _, key in ipairs(KEYS) do
  local probedAt = redis.call('HGET', key, 'probedAt')
  if probedAt then redis.call('DEL', key) end
end
return 1
