-- As 0007, for the observations.
-- A reader that takes long keeps this waiting, and everybody else behind it: for so long and no longer. The deployment fails then and can be repeated.
SET LOCAL lock_timeout = '10s';
ALTER TABLE history.rate ADD COLUMN quotation numeric;
-- Not valid for rows that are there, which have none: nothing has to be read for it.
ALTER TABLE history.rate ADD CONSTRAINT quotation_is_positive CHECK (quotation > 0) NOT VALID;
