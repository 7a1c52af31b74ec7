-- What the scripts have in common that book what calls cost and what was saved: by day, by month, and in each month by
-- merchant. Amounts are whole ten-thousandths of a yuan. `whole` and `note` are from script.ts, what is in capitals and not
-- from here is from journal.ts. Comments stand on lines of their own.
--
-- The books of a month are one hash, "…:2026-11". A field is a figure's name, and after a blank whose it is: "calls" is the
-- month's own, "calls 2026-11-23" a day's, "calls m:store-17" a merchant's, "calls none" that of transactions without
-- one, "calls other" of merchants beyond the limit. The key is made here, and not by the caller: only Redis' clock says
-- which month it is.
-- From the month's first booking on: its last day for at least 400 days.
local BOOKS_KEPT_S = (400 + 31) * 86400
-- Of each month: merchants' names come from outside, and must not fill Redis.
local MOST_MERCHANTS = 10000

-- The day at Alipay (GMT+8) as "2026-11-23". Redis' Lua knows no calendar: days are counted from the 1st of March of the
-- year 0, so that a leap day is the last of its year, and years by periods of 400.
local function dateOf(ms)
  local days = math.floor((ms + 8 * 3600000) / 86400000) + 719468
  local era = math.floor(days / 146097)
  local dayOfEra = days - era * 146097
  local leaps = math.floor(dayOfEra / 1460) - math.floor(dayOfEra / 36524) + math.floor(dayOfEra / 146096)
  local yearOfEra = math.floor((dayOfEra - leaps) / 365)
  local dayOfYear = dayOfEra - (365 * yearOfEra + math.floor(yearOfEra / 4) - math.floor(yearOfEra / 100))
  local monthFromMarch = math.floor((5 * dayOfYear + 2) / 153)
  local day = dayOfYear - math.floor((153 * monthFromMarch + 2) / 5) + 1
  local month = monthFromMarch < 10 and monthFromMarch + 3 or monthFromMarch - 9
  local year = yearOfEra + era * 400 + (month <= 2 and 1 or 0)
  return string.format('%04d-%02d-%02d', year, month, day)
end

-- A script asks for the same moment again and again.
local askedMs, askedDay
local function dayOf(ms)
  if ms ~= askedMs then askedMs, askedDay = ms, dateOf(ms) end
  return askedDay
end

local function monthKey(day) return BOOKS .. ':' .. string.sub(day, 1, 7) end

-- The months that something is booked in, by key: what they are known to hold, and what is to be added to it.
local months = {}

local function monthOf(key)
  if not months[key] then months[key] = { key = key, figures = {}, owners = {}, changed = {} } end
  return months[key]
end

-- Whose figures they are. A merchant stays where it was booked first, for the rest of the month.
local function findOwner(key, merchant)
  local name = 'm:' .. merchant
  local field = 'calls ' .. name
  if redis.call('HEXISTS', key, field) == 0 then
    if tonumber(redis.call('HGET', key, 'merchants') or 0) >= MOST_MERCHANTS then return 'other' end
    redis.call('HINCRBY', key, 'merchants', 1)
    redis.call('HSET', key, field, 0)
  end
  return name
end

local function ownerOf(month, merchant)
  if merchant == '' then return 'none' end
  if not month.owners[merchant] then month.owners[merchant] = findOwner(month.key, merchant) end
  return month.owners[merchant]
end

-- The month's own, the day's and the merchant's.
local function fieldsOf(name, day, owner) return { name, name .. ' ' .. day, name .. ' ' .. owner } end

-- Reads the figures that are not known yet. What is no number fails whoever would add to it, before it changes a figure; a
-- merchant may have its place in the month by then.
local function readFigures(month, fields)
  local unread = { 'v' }
  for _, field in ipairs(fields) do
    if not month.figures[field] then unread[#unread + 1] = field end
  end
  if #unread == 1 then return end
  local found = redis.call('HMGET', month.key, unpack(unread))
  month.isNew = not found[1]
  for i = 2, #unread do
    local figure = tonumber(found[i] or 0)
    if not figure then error('no number is booked as "' .. unread[i] .. '"') end
    month.figures[unread[i]] = figure
  end
end

-- What is to be added, by day and by merchant: whose figures in which month, and how often which.
local accounts = {}

local function accountOf(day, merchant)
  local ofDay = accounts[day]
  if not ofDay then
    ofDay = {}
    accounts[day] = ofDay
  end
  local account = ofDay[merchant]
  if not account then
    local month = monthOf(monthKey(day))
    account = { month = month, day = day, owner = ownerOf(month, merchant), times = {} }
    ofDay[merchant] = account
  end
  return account
end

-- Adds figures to what is booked of the day, the month and the merchant, all of them or none. They are in the books once
-- these are written, and must not be changed until then: the same table given again is only counted.
local function book(day, merchant, figures)
  local account = accountOf(day, merchant)
  local times = account.times[figures]
  if not times then
    times = 0
    for name in pairs(figures) do readFigures(account.month, fieldsOf(name, day, account.owner)) end
  end
  account.times[figures] = times + 1
end

local function addUp(account)
  local month = account.month
  for figures, times in pairs(account.times) do
    for name, value in pairs(figures) do
      for _, field in ipairs(fieldsOf(name, account.day, account.owner)) do
        month.figures[field] = month.figures[field] + times * value
        month.changed[field] = true
      end
    end
  end
end

-- One command for each month.
local function writeBooks()
  for _, ofDay in pairs(accounts) do
    for _, account in pairs(ofDay) do addUp(account) end
  end
  accounts = {}
  for key, month in pairs(months) do
    -- The version tells whether the month has begun.
    local written = { 'v', '1' }
    for field in pairs(month.changed) do note(written, field, whole(month.figures[field])) end
    month.changed = {}
    if #written > 2 then redis.call('HSET', key, unpack(written)) end
    if month.isNew then redis.call('EXPIRE', key, BOOKS_KEPT_S) end
    month.isNew = false
  end
end

-- What is counted of a result, by its source, and what is saved where it needed no call.
local COUNTED = { alipay = 'scored', cache = 'cached', ['below-threshold'] = 'belowThreshold', fallback = 'fallback' }
local SAVED = { cache = 'savedByCache', ['below-threshold'] = 'savedByThreshold' }
-- Both together of a first result that needed no call, as most do: one table for each source, so that they are only counted.
local UNCALLED = {}
for source, counted in pairs(COUNTED) do
  UNCALLED[source] = { [counted] = 1 }
  if SAVED[source] then UNCALLED[source][SAVED[source]] = CALL_PRICE end
end

-- What is booked with an outcome, if anything is. A dead letter has no source (""). A true score that replaces a fallback (not
-- `isFirst`) is no further result.
local function figuresOf(source, calls, unaccounted, isFirst)
  if isFirst and calls == 0 then return UNCALLED[source] end
  local figures = {}
  if unaccounted > 0 then figures = { calls = unaccounted, tenThousandths = unaccounted * CALL_PRICE } end
  if isFirst and COUNTED[source] then figures[COUNTED[source]] = 1 end
  if calls == 0 and SAVED[source] then figures[SAVED[source]] = CALL_PRICE end
  return next(figures) and figures
end
