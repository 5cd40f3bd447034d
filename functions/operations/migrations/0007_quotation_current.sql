-- The number as the source printed it: units of the currency for one unit of what the source quotes against. A source may correct the won alone, and not of all
-- currencies at once, and then prices in KRW of one instant are made with different wons; the quotient of two quotations is the source's own. Null where the
-- source quotes against KRW, and of rows that builds before this one stored.
-- One table a migration: no transaction waits for a table while it holds another, so neither readers nor writers can be in its way, or it in theirs, for ever.
-- A reader that takes long keeps this waiting, and everybody else behind it: for so long and no longer. The deployment fails then and can be repeated.
SET LOCAL lock_timeout = '10s';
ALTER TABLE currency.current_rate ADD COLUMN quotation numeric;
-- Not valid for rows that are there, which have none: nothing has to be read for it.
ALTER TABLE currency.current_rate ADD CONSTRAINT quotation_is_positive CHECK (quotation > 0) NOT VALID;
