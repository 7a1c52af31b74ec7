-- What the scripts have in common that book what calls cost and what was saved: by day, by month, and in each month by
-- merchant. Amounts are whole ten-thousandths of a yuan. Comments stand on lines of their own.
--
-- The books' keys begin alike (`books`): "…:2026-11-23", "…:2026-11" and "…:2026-11:merchants", where a field is a
-- figure's name and whose it is: "calls m:store-17", "calls none" without a merchant, "calls other" beyond the limit.
-- They are made here, and not by the caller: only Redis' clock says which day it is.
local BOOKS_KEPT_S = 400 * 86400
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

-- Whose figures they are. A merchant stays where it was booked first, for the rest of the month.
local function whose(key, merchant)
  if merchant == '' then return 'none' end
  local name = 'm:' .. merchant
  if redis.call('HEXISTS', key, 'calls ' .. name) == 1 then return name end
  if tonumber(redis.call('HGET', key, 'merchants') or 0) >= MOST_MERCHANTS then return 'other' end
  redis.call('HINCRBY', key, 'merchants', 1)
  redis.call('HSET', key, 'calls ' .. name, 0)
  return name
end

local function addTo(key, figures, suffix)
  redis.call('HSETNX', key, 'v', 1)
  for name, value in pairs(figures) do
    if value ~= 0 then redis.call('HINCRBY', key, name .. suffix, string.format('%.0f', value)) end
  end
  redis.call('EXPIRE', key, BOOKS_KEPT_S)
end

local function book(books, day, merchant, figures)
  local month = books .. ':' .. monthOf(day)
  local merchants = month .. ':merchants'
  addTo(books .. ':' .. day, figures, '')
  addTo(month, figures, '')
  addTo(merchants, figures, ' ' .. whose(merchants, merchant))
end
