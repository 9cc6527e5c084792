-- The applied set as one row. Every migration that an event names gets the next bit of a sequence; an applied one has its
-- bit set. A process that knows the set up to some event refreshes its copy by reading this row and the few names that are
-- new to it, whatever the number of migrations.
CREATE TABLE auto_migration.migration_bit (
  bit integer PRIMARY KEY CHECK (bit >= 0),
  migration_id text NOT NULL UNIQUE,
  checksum text NOT NULL,
  -- The event that set the bit; null while the migration has only been tried. No foreign key: its check would need the right
  -- to update events, which nobody has.
  applied_by bigint UNIQUE
);

CREATE TABLE auto_migration.applied_set (
  singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
  -- The last event that is folded in.
  sequence bigint NOT NULL,
  -- Bit n is bit n % 8, from the least significant, of byte n / 8: the numbering of get_bit.
  bits bytea NOT NULL
);

COMMENT ON TABLE auto_migration.applied_set IS 'Projection of the event log: which migrations are applied, one bit each.';

INSERT INTO auto_migration.applied_set (sequence, bits) VALUES (0, '');

CREATE FUNCTION auto_migration.fold_event(event auto_migration.event) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  is_applied constant boolean := (event).kind IN ('Applied', 'Baselined');
  position integer;
BEGIN
  INSERT INTO auto_migration.migration_bit AS known (bit, migration_id, checksum, applied_by)
  SELECT count(*), (event).migration_id, (event).checksum, CASE WHEN is_applied THEN (event).sequence END
  FROM auto_migration.migration_bit
  ON CONFLICT (migration_id) DO UPDATE
    SET checksum = excluded.checksum, applied_by = coalesce(known.applied_by, excluded.applied_by)
    WHERE known.applied_by IS NULL
  RETURNING known.bit INTO position;

  UPDATE auto_migration.applied_set AS set
  SET sequence = (event).sequence,
      bits = CASE WHEN is_applied AND position IS NOT NULL THEN set_bit(
        set.bits || decode(repeat('00', greatest(position / 8 + 1 - length(set.bits), 0)), 'hex'), position, 1
      ) ELSE set.bits END;
END
$$;

-- What happened before this migration is folded in here, what happens later by the trigger.
SELECT auto_migration.fold_event(past) FROM (SELECT * FROM auto_migration.event ORDER BY sequence) AS past;

-- What commits is announced to whoever listens on the channel that has the schema's name: `5 Applied 001_users`. Nothing rests on
-- it; the cut keeps a long name from failing the event, since a message may be no longer than 8000 bytes.
CREATE FUNCTION auto_migration.project_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM auto_migration.fold_event(NEW);
  PERFORM pg_notify(TG_TABLE_SCHEMA, concat_ws(' ', NEW.sequence, NEW.kind, left(NEW.migration_id, 1000)));
  RETURN NULL;
END
$$;

CREATE TRIGGER project AFTER INSERT ON auto_migration.event
FOR EACH ROW EXECUTE FUNCTION auto_migration.project_event();

ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER project;

ALTER TABLE auto_migration.migration_bit ENABLE ROW LEVEL SECURITY;
ALTER TABLE auto_migration.applied_set ENABLE ROW LEVEL SECURITY;

CREATE POLICY migration_bit_read ON auto_migration.migration_bit FOR SELECT USING (true);

CREATE POLICY applied_set_read ON auto_migration.applied_set FOR SELECT USING (true);

REVOKE ALL ON auto_migration.migration_bit, auto_migration.applied_set FROM PUBLIC;
REVOKE ALL ON FUNCTION auto_migration.fold_event(auto_migration.event), auto_migration.project_event() FROM PUBLIC;
