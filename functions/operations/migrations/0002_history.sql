-- What the History service keeps: every observation, and the open, high, low and close of each day.
CREATE SCHEMA IF NOT EXISTS history;

CREATE TABLE history.rate (
    currency_code  text NOT NULL,
    source         text NOT NULL,
    recorded_at    timestamptz NOT NULL,
    deal_base_rate numeric NOT NULL CHECK (deal_base_rate > 0),
    tts            numeric CHECK (tts > 0),
    ttb            numeric CHECK (ttb > 0),
    updated_at     timestamptz NOT NULL,
    PRIMARY KEY (currency_code, source, recorded_at)
);

-- A day is a UTC day. The four prices are a function of history.rate alone, so they are the same whatever order the observations came in.
CREATE TABLE history.daily_rate (
    currency_code text NOT NULL,
    source        text NOT NULL,
    day           date NOT NULL,
    open          numeric NOT NULL,
    high          numeric NOT NULL,
    low           numeric NOT NULL,
    close         numeric NOT NULL,
    observations  integer NOT NULL,
    PRIMARY KEY (currency_code, source, day)
);

-- Stores a batch of observations and the prices of the days they fall on, in one round trip. Answers how many observations were new or corrected.
-- An observation is known by currency, source and recorded_at; of two, the one with the later updated_at stands, then the greater values, so any
-- order of arrival ends the same. The batch must not name an observation twice.
CREATE FUNCTION history.store(
    codes text[], sources text[], recorded timestamptz[], rates numeric[], tts_rates numeric[], ttb_rates numeric[], updated timestamptz[]
) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
    stored bigint;
    days date[];
BEGIN
    -- One writer a currency: the prices of a day are read from what other writers have committed, so those must be done. Sorted, so no two wait for
    -- each other. The lock ends with the transaction.
    PERFORM pg_advisory_xact_lock(20260101, lock)
       FROM (SELECT DISTINCT hashtext(code) AS lock FROM unnest(codes) AS code ORDER BY 1) AS involved;

    WITH changed AS (
        INSERT INTO history.rate AS kept (currency_code, source, recorded_at, deal_base_rate, tts, ttb, updated_at)
        SELECT * FROM unnest(codes, sources, recorded, rates, tts_rates, ttb_rates, updated)
        ON CONFLICT (currency_code, source, recorded_at) DO UPDATE
            SET deal_base_rate = excluded.deal_base_rate, tts = excluded.tts, ttb = excluded.ttb, updated_at = excluded.updated_at
            WHERE (excluded.updated_at, excluded.deal_base_rate, coalesce(excluded.tts, 0), coalesce(excluded.ttb, 0))
                > (kept.updated_at, kept.deal_base_rate, coalesce(kept.tts, 0), coalesce(kept.ttb, 0))
        RETURNING kept.currency_code, kept.source, (kept.recorded_at AT TIME ZONE 'UTC')::date AS day
    ), counted AS (
        SELECT currency_code, source, day, count(*) AS changes FROM changed GROUP BY currency_code, source, day
    )
    SELECT coalesce(sum(changes), 0), array_agg(currency_code), array_agg(source), array_agg(day)
      INTO stored, codes, sources, days
      FROM counted;

    INSERT INTO history.daily_rate AS kept (currency_code, source, day, open, high, low, close, observations)
    SELECT touched.currency_code, touched.source, touched.day, prices.*
      FROM unnest(codes, sources, days) AS touched (currency_code, source, day)
     CROSS JOIN LATERAL (
        SELECT (array_agg(deal_base_rate ORDER BY recorded_at))[1], max(deal_base_rate), min(deal_base_rate),
               (array_agg(deal_base_rate ORDER BY recorded_at DESC))[1], count(*)
          FROM history.rate AS seen
         WHERE seen.currency_code = touched.currency_code AND seen.source = touched.source
           AND seen.recorded_at >= touched.day::timestamp AT TIME ZONE 'UTC'
           AND seen.recorded_at < (touched.day + 1)::timestamp AT TIME ZONE 'UTC'
     ) AS prices
    ON CONFLICT (currency_code, source, day) DO UPDATE
        SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, observations = excluded.observations;
    RETURN stored;
END $$;
