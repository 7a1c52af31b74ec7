-- What the scripts have in common that book what calls cost and what was saved: by day, by month, and in each month by
-- merchant. Amounts are whole ten-thousandths of a yuan. Comments stand on lines of their own.
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
local function dayOf(ms)
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

local function monthOf(day) return string.sub(day, 1, 7) end

local function monthKey(books, day) return books .. ':' .. monthOf(day) end

-- Merchants that are known to be in the books, by key and field.
local knownMerchants = {}

-- Which merchant's figures they are. A merchant stays where it was booked first, for the rest of the month.
local function whose(key, merchant)
  if merchant == '' then return 'none' end
  local name = 'm:' .. merchant
  local field = 'calls ' .. name
  if knownMerchants[key .. field] then return name end
  if redis.call('HEXISTS', key, field) == 0 then
    if tonumber(redis.call('HGET', key, 'merchants') or 0) >= MOST_MERCHANTS then return 'other' end
    redis.call('HINCRBY', key, 'merchants', 1)
    redis.call('HSET', key, field, 0)
  end
  knownMerchants[key .. field] = true
  return name
end

-- Of each month that something is booked in: its figures, which of them are not written, and whether it has just begun.
local months = {}

-- Reads the figures that are not known yet. What is no number fails whoever would add to it, before it changes anything.
local function readFigures(key, month, fields)
  local unread = { 'v' }
  for _, field in ipairs(fields) do
    if not month.figures[field] then unread[#unread + 1] = field end
  end
  if #unread == 1 then return end
  local found = redis.call('HMGET', key, unpack(unread))
  month.isNew = not found[1]
  for i = 2, #unread do
    local figure = tonumber(found[i] or 0)
    if not figure then error('no number is booked as "' .. unread[i] .. '"') end
    month.figures[unread[i]] = figure
  end
end

-- Adds to what is booked of the day, the month and the merchant. It is in the books once these are written.
local function book(books, day, merchant, added)
  local key = monthKey(books, day)
  local month = months[key] or { figures = {}, unwritten = {} }
  months[key] = month
  local fields, values = {}, {}
  for _, suffix in ipairs({ '', ' ' .. day, ' ' .. whose(key, merchant) }) do
    for name, value in pairs(added) do
      fields[#fields + 1] = name .. suffix
      values[#values + 1] = value
    end
  end
  readFigures(key, month, fields)
  for i, field in ipairs(fields) do
    month.figures[field] = month.figures[field] + values[i]
    month.unwritten[field] = true
  end
end

-- One command for each month.
local function writeBooks()
  for key, month in pairs(months) do
    -- The version tells whether the month has begun.
    local written = { 'v', 1 }
    for field in pairs(month.unwritten) do
      written[#written + 1] = field
      written[#written + 1] = month.figures[field]
    end
    month.unwritten = {}
    if #written > 2 then redis.call('HSET', key, unpack(written)) end
    if month.isNew then redis.call('EXPIRE', key, BOOKS_KEPT_S) end
    month.isNew = false
  end
end
