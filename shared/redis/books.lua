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

-- Whose figures are known to be in the books of a month.
local known = {}

-- Which merchant's figures they are. A merchant stays where it was booked first, for the rest of the month.
local function whose(key, merchant)
  if merchant == '' then return 'none' end
  local name = 'm:' .. merchant
  local field = 'calls ' .. name
  if known[key .. field] then return name end
  if redis.call('HEXISTS', key, field) == 0 then
    if tonumber(redis.call('HGET', key, 'merchants') or 0) >= MOST_MERCHANTS then return 'other' end
    redis.call('HINCRBY', key, 'merchants', 1)
    redis.call('HSET', key, field, 0)
  end
  known[key .. field] = true
  return name
end

-- What is to be added, by key and field.
local unwritten = {}

-- Adds figures to what is booked of the day, the month and the merchant. They are in the books once these are written.
local function book(books, day, merchant, figures)
  local key = monthKey(books, day)
  local added = unwritten[key] or {}
  unwritten[key] = added
  for _, suffix in ipairs({ '', ' ' .. day, ' ' .. whose(key, merchant) }) do
    for name, value in pairs(figures) do
      added[name .. suffix] = (added[name .. suffix] or 0) + value
    end
  end
end

-- One command to read what is booked, and one to write it.
local function writeBooks()
  for key, added in pairs(unwritten) do
    -- The version tells whether the month has begun.
    local fields = { 'v' }
    for field in pairs(added) do fields[#fields + 1] = field end
    local booked = redis.call('HMGET', key, unpack(fields))
    local written = { 'v', 1 }
    for i = 2, #fields do
      written[#written + 1] = fields[i]
      written[#written + 1] = tonumber(booked[i] or 0) + added[fields[i]]
    end
    redis.call('HSET', key, unpack(written))
    if not booked[1] then redis.call('EXPIRE', key, BOOKS_KEPT_S) end
    unwritten[key] = nil
  end
end
