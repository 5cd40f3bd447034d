-- As 0007, for the prices of a day and what stores them.
-- A reader that takes long keeps this waiting, and everybody else behind it: for so long and no longer. The deployment fails then and can be repeated.
SET LOCAL lock_timeout = '10s';
-- Of the close. The other prices of a day are crossed where it has one observation, which is the close too.
ALTER TABLE history.daily_rate ADD COLUMN quotation numeric;

-- As before, and the quotation is the last value that decides. Functions of the build before this one name seven arguments: what they store has none.
DROP FUNCTION history.store(text[], text[], timestamptz[], numeric[], numeric[], numeric[], timestamptz[]);
CREATE FUNCTION history.store(
    codes text[], sources text[], recorded timestamptz[], rates numeric[], tts_rates numeric[], ttb_rates numeric[], updated timestamptz[],
    quotations numeric[] DEFAULT NULL
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
        INSERT INTO history.rate AS kept (currency_code, source, recorded_at, deal_base_rate, tts, ttb, updated_at, quotation)
        SELECT * FROM unnest(codes, sources, recorded, rates, tts_rates, ttb_rates, updated, quotations)
        ON CONFLICT (currency_code, source, recorded_at) DO UPDATE
            SET deal_base_rate = excluded.deal_base_rate, tts = excluded.tts, ttb = excluded.ttb, updated_at = excluded.updated_at,
                quotation = excluded.quotation
            WHERE (excluded.updated_at, excluded.deal_base_rate, coalesce(excluded.tts, 0), coalesce(excluded.ttb, 0), coalesce(excluded.quotation, 0))
                > (kept.updated_at, kept.deal_base_rate, coalesce(kept.tts, 0), coalesce(kept.ttb, 0), coalesce(kept.quotation, 0))
        RETURNING kept.currency_code, kept.source, (kept.recorded_at AT TIME ZONE 'UTC')::date AS day
    ), counted AS (
        SELECT currency_code, source, day, count(*) AS changes FROM changed GROUP BY currency_code, source, day
    )
    SELECT coalesce(sum(changes), 0), array_agg(currency_code), array_agg(source), array_agg(day)
      INTO stored, codes, sources, days
      FROM counted;

    INSERT INTO history.daily_rate AS kept (currency_code, source, day, open, high, low, close, quotation, observations)
    SELECT touched.currency_code, touched.source, touched.day, prices.*
      FROM unnest(codes, sources, days) AS touched (currency_code, source, day)
     CROSS JOIN LATERAL (
        SELECT (array_agg(deal_base_rate ORDER BY recorded_at))[1], max(deal_base_rate), min(deal_base_rate),
               (array_agg(deal_base_rate ORDER BY recorded_at DESC))[1], (array_agg(quotation ORDER BY recorded_at DESC))[1], count(*)
          FROM history.rate AS seen
         WHERE seen.currency_code = touched.currency_code AND seen.source = touched.source
           AND seen.recorded_at >= touched.day::timestamp AT TIME ZONE 'UTC'
           AND seen.recorded_at < (touched.day + 1)::timestamp AT TIME ZONE 'UTC'
     ) AS prices
    ON CONFLICT (currency_code, source, day) DO UPDATE
        SET open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close, quotation = excluded.quotation,
            observations = excluded.observations;
    RETURN stored;
END $$;
