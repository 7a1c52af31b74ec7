-- The quota that counts, and the one that would count if no operator had set any. Changes nothing.
-- KEYS  the ledger's, as ledger.lua names them
-- ARGV  1 the quota to assume where no replica was heard of lately
-- Gives  JSON; `seenAt` is when an operator set a quota, or gave it back, last: "" where nobody ever did
local quotas = redis.call('ZRANGEBYSCORE', quotasKey, now - QUOTA_MEMORY_MS, '+inf')
local configured = strictest(#quotas > 0 and quotas or { ARGV[1] })
local set = redis.call('HMGET', setQuotaKey, 'quota', 'at')
return cjson.encode({
  configured = configured, counting = set[1] and strictest({ set[1] }) or configured,
  isSet = set[1] and true or false, seenAt = set[2] or '',
})
