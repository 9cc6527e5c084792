-- What the library reads and what the server takes are the same. An id that no migration can have, and a lease that lasts for years,
-- would be in the way of every process.
--
-- `src/core/model/MigrationId.ts` has the same rule in its own words: no white space at an end, and no control character. Events that
-- were recorded before stay as they are, and are read: NOT VALID leaves them out.
ALTER TABLE auto_migration.event DROP CONSTRAINT IF EXISTS event_migration_id_readable;
ALTER TABLE auto_migration.event ADD CONSTRAINT event_migration_id_readable CHECK (
  migration_id !~ '[\u0001-\u001f\u007f-\u009f]'
  AND migration_id !~ '^[ \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]'
  AND migration_id !~ '[ \u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]$'
) NOT VALID;

-- A holder renews its lease three times before it ends, so a day is enough for each.
DELETE FROM auto_migration.lease WHERE lasts > '1 day';

ALTER TABLE auto_migration.lease DROP CONSTRAINT IF EXISTS lease_lasts_limit;
ALTER TABLE auto_migration.lease ADD CONSTRAINT lease_lasts_limit
CHECK (lasts <= '1 day' AND expires_at - heartbeat_at <= '1 day');
