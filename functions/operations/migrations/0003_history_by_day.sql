-- The rates of one day, whatever their currencies: for conversions and lists at a day of the past.
CREATE INDEX daily_rate_day ON history.daily_rate (day);
