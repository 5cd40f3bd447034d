-- A version is now 200 digits: recorded_at, updated_at (18 each), a 1, deal_base_rate, tts and ttb (13 digits before the point and 28 behind it, 0 for null),
-- digest (40). Of two rows that agree in both instants the one with the greater values stands, as in history.store; it was the one with the greater digest,
-- so both services could keep different values of one observation.
UPDATE currency.current_rate
   SET version = substr(version, 1, 36) || '1'
              || lpad((deal_base_rate * 1e28)::numeric(41, 0)::text, 41, '0')
              || lpad((coalesce(tts, 0) * 1e28)::numeric(41, 0)::text, 41, '0')
              || lpad((coalesce(ttb, 0) * 1e28)::numeric(41, 0)::text, 41, '0')
              || substr(version, 37)
 WHERE length(version) = 76;
