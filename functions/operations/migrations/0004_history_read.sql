-- How series are read. Each looks at the index of the rows it answers and at nothing else, so its cost does not grow with what is stored.

-- Every source that has days of a currency: one look at the index a source.
CREATE FUNCTION history.sources(code text) RETURNS SETOF text LANGUAGE sql STABLE ROWS 3 AS $$
    WITH RECURSIVE known AS (
        (SELECT kept.source FROM history.daily_rate AS kept WHERE kept.currency_code = code ORDER BY kept.source LIMIT 1)
        UNION ALL
        SELECT (SELECT kept.source FROM history.daily_rate AS kept
                 WHERE kept.currency_code = code AND kept.source > known.source ORDER BY kept.source LIMIT 1)
          FROM known WHERE known.source IS NOT NULL
    )
    SELECT known.source FROM known WHERE known.source IS NOT NULL
$$;

-- The days of a currency, both ends included. Of several sources of a day the first counts: ecb, koreaexim, exchangerate_api, then any other by name.
CREATE FUNCTION history.days(code text, earliest date, latest date)
RETURNS TABLE (day date, source text, open numeric, high numeric, low numeric, close numeric, observations integer) LANGUAGE sql STABLE ROWS 300 AS $$
    SELECT DISTINCT ON (kept.day) kept.day, kept.source, kept.open, kept.high, kept.low, kept.close, kept.observations
      FROM history.sources(code) AS known (source)
      JOIN history.daily_rate AS kept
        ON kept.currency_code = code AND kept.source = known.source AND kept.day BETWEEN earliest AND latest
     ORDER BY kept.day, array_position(ARRAY['ecb', 'koreaexim', 'exchangerate_api'], kept.source), kept.source COLLATE "C"
$$;

-- The newest day, not after `until`, on which every one of these currencies has a rate; null when there is none.
CREATE FUNCTION history.newest_common_day(codes text[], until date) RETURNS date LANGUAGE plpgsql STABLE AS $$
DECLARE
    earliest date;
BEGIN
    -- Whoever lacks `until` names its own newest day before it, and all are asked again for the earliest of those, until nobody lacks it.
    LOOP
        SELECT CASE WHEN bool_and(newest.day IS NOT NULL) THEN min(newest.day) END
          INTO earliest
          FROM unnest(codes) AS leg (code)
         CROSS JOIN LATERAL (
            SELECT max(ending.day) AS day
              FROM history.sources(leg.code) AS known (source)
             CROSS JOIN LATERAL (
                SELECT kept.day FROM history.daily_rate AS kept
                 WHERE kept.currency_code = leg.code AND kept.source = known.source AND kept.day <= until
                 ORDER BY kept.day DESC LIMIT 1
             ) AS ending
         ) AS newest;
        IF earliest IS NULL OR earliest = until THEN
            RETURN earliest;
        END IF;
        until := earliest;
    END LOOP;
END $$;
