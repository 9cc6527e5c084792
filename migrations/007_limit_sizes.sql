-- Each process reads the ids and checksums of the log, and an event stays for ever. A row of hundreds of megabytes would stop all of
-- them.
--
-- The readers have the same limits: `src/core/model/MigrationId.ts`, `src/core/text/Checksum.ts` and `src/core/migration/LedgerEvent.ts`.
-- Events that were recorded before stay as they are, and a reader passes over what is too large in them: NOT VALID leaves them out.
ALTER TABLE auto_migration.event DROP CONSTRAINT IF EXISTS event_migration_id_size;
ALTER TABLE auto_migration.event ADD CONSTRAINT event_migration_id_size CHECK (octet_length(migration_id) <= 1024) NOT VALID;
ALTER TABLE auto_migration.event DROP CONSTRAINT IF EXISTS event_checksum_size;
ALTER TABLE auto_migration.event ADD CONSTRAINT event_checksum_size CHECK (octet_length(checksum) <= 1024) NOT VALID;

-- No migration has such a lease.
DELETE FROM auto_migration.lease WHERE octet_length(migration_id) > 1024 OR octet_length(checksum) > 1024;

ALTER TABLE auto_migration.lease DROP CONSTRAINT IF EXISTS lease_size;
ALTER TABLE auto_migration.lease ADD CONSTRAINT lease_size
CHECK (octet_length(migration_id) <= 1024 AND octet_length(checksum) <= 1024);

ALTER TABLE auto_migration.event DROP CONSTRAINT IF EXISTS event_detail_size;
ALTER TABLE auto_migration.event ADD CONSTRAINT event_detail_size CHECK (octet_length(detail::text) <= 1048576) NOT VALID;
