-- What the Currency service keeps: the newest rate of each currency.
CREATE SCHEMA IF NOT EXISTS currency;

CREATE TABLE currency.current_rate (
    currency_code  text PRIMARY KEY,
    currency_name  text NOT NULL,
    deal_base_rate numeric NOT NULL CHECK (deal_base_rate > 0),
    tts            numeric CHECK (tts > 0),
    ttb            numeric CHECK (ttb > 0),
    source         text NOT NULL,
    recorded_at    timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL,
    -- 76 digits: recorded_at, updated_at, digest of the values. The same text decides in Redis, so both keep the same row.
    version        text COLLATE "C" NOT NULL
);
