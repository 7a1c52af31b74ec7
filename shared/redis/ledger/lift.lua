-- A probe was answered as if nothing were wrong: the holds it probed are over, and the rate rises step by step.
-- KEYS  the ledger's, as ledger.lua names them
for _, key in ipairs({ freezeKey, permissionKey }) do
  local probedAt = redis.call('HGET', key, 'probedAt')
  if probedAt then
    redis.call('DEL', key)
    set('rampAt', now)
  end
end
saveState()
return 1
