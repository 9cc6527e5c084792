-- The projection is guarded as the log is: its rows change only when an event is folded in, also for their owner. Emptied by hand, it
-- would make every migration run a second time. `rebuild` makes it anew from the log.
CREATE OR REPLACE FUNCTION auto_migration.guard_projection() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  -- An event is folded in by the trigger of the log, so this one is below it.
  IF TG_OP IN ('INSERT', 'UPDATE') AND pg_trigger_depth() > 1 THEN
    RETURN NEW;
  END IF;
  RAISE EXCEPTION '% on %.% is refused: only an event changes the projection', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = 'The function rebuild() makes it anew from the log.';
END
$$;

CREATE OR REPLACE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON auto_migration.migration_bit
FOR EACH ROW EXECUTE FUNCTION auto_migration.guard_projection();

CREATE OR REPLACE TRIGGER never_truncated BEFORE TRUNCATE ON auto_migration.migration_bit
FOR EACH STATEMENT EXECUTE FUNCTION auto_migration.guard_projection();

CREATE OR REPLACE TRIGGER guard BEFORE INSERT OR UPDATE OR DELETE ON auto_migration.applied_set
FOR EACH ROW EXECUTE FUNCTION auto_migration.guard_projection();

CREATE OR REPLACE TRIGGER never_truncated BEFORE TRUNCATE ON auto_migration.applied_set
FOR EACH STATEMENT EXECUTE FUNCTION auto_migration.guard_projection();

ALTER TABLE auto_migration.migration_bit ENABLE ALWAYS TRIGGER guard;
ALTER TABLE auto_migration.migration_bit ENABLE ALWAYS TRIGGER never_truncated;
ALTER TABLE auto_migration.applied_set ENABLE ALWAYS TRIGGER guard;
ALTER TABLE auto_migration.applied_set ENABLE ALWAYS TRIGGER never_truncated;

-- Runs with the rights of its caller: only the owner may lift the guard.
CREATE OR REPLACE FUNCTION auto_migration.rebuild() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  past auto_migration.event;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('effect-auto-migration/' || 'auto_migration', 0));
  ALTER TABLE auto_migration.migration_bit DISABLE TRIGGER guard;
  ALTER TABLE auto_migration.applied_set DISABLE TRIGGER guard;
  DELETE FROM auto_migration.migration_bit;
  DELETE FROM auto_migration.applied_set;
  INSERT INTO auto_migration.applied_set (sequence, bits) VALUES (0, '');
  FOR past IN SELECT * FROM auto_migration.event ORDER BY sequence LOOP
    PERFORM auto_migration.fold_event(past);
  END LOOP;
  ALTER TABLE auto_migration.migration_bit ENABLE ALWAYS TRIGGER guard;
  ALTER TABLE auto_migration.applied_set ENABLE ALWAYS TRIGGER guard;
END
$$;

REVOKE ALL ON FUNCTION auto_migration.guard_projection(), auto_migration.rebuild() FROM PUBLIC;
