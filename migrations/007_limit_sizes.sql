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

-- The next bit is read from the index. Counting the rows took longer with each migration that the ledger held. No row is ever removed, so
-- both give the same number.
CREATE OR REPLACE FUNCTION auto_migration.fold_event(event auto_migration.event) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  is_applied constant boolean := EXISTS (
    SELECT FROM auto_migration.event_kind AS k WHERE k.kind = (event).kind AND k.is_application
  );
  position integer;
BEGIN
  INSERT INTO auto_migration.migration_bit AS known (bit, migration_id, checksum, applied_by)
  SELECT coalesce(max(b.bit), -1) + 1, (event).migration_id, (event).checksum, CASE WHEN is_applied THEN (event).sequence END
  FROM auto_migration.migration_bit AS b
  ON CONFLICT (migration_id) DO UPDATE
    SET checksum = excluded.checksum, applied_by = excluded.applied_by
    WHERE known.applied_by IS NULL OR excluded.applied_by IS NOT NULL
  RETURNING known.bit INTO position;

  UPDATE auto_migration.applied_set AS set
  SET sequence = (event).sequence,
      bits = CASE WHEN is_applied THEN set_bit(
        set.bits || decode(repeat('00', greatest(position / 8 + 1 - length(set.bits), 0)), 'hex'), position, 1
      ) ELSE set.bits END;
END
$$;
