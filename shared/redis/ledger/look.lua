-- What the ledger says at this moment. Changes nothing.
-- KEYS  the ledger's, as ledger.lua names them
-- ARGV  1 the quota to assume where no replica was heard of lately
readState()
local windows, quotas = windowsInForce(ARGV[1])
return overview(windows, quotas, 0)
