-- Two more kinds of events, and a table of all kinds that says which of them make a migration applied. `Adopted` records what
-- another tool's table of migrations says was applied by that tool; `Renamed` records the new id of a migration that is applied
-- already, with the old one in its detail: {"from": "001_users"}.
--
-- A migration may be applied again when its file has been edited on purpose (a view that is replaced as a whole). The projection
-- therefore keeps the checksum of the last application, and no longer that of the first.
CREATE TABLE auto_migration.event_kind (
  kind text PRIMARY KEY,
  -- Whether an event of this kind makes its migration applied.
  is_application boolean NOT NULL
);

COMMENT ON TABLE auto_migration.event_kind IS 'The kinds of events, and which of them make a migration applied.';

INSERT INTO auto_migration.event_kind (kind, is_application) VALUES
  ('Started', false), ('Applied', true), ('Failed', false), ('Baselined', true), ('Adopted', true), ('Renamed', true);

-- A kind is fixed: another meaning would change what the log says about the past.
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auto_migration.event_kind
FOR EACH ROW EXECUTE FUNCTION auto_migration.refuse_change();

CREATE TRIGGER never_truncated BEFORE TRUNCATE ON auto_migration.event_kind
FOR EACH STATEMENT EXECUTE FUNCTION auto_migration.refuse_change();

ALTER TABLE auto_migration.event_kind ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE auto_migration.event_kind ENABLE ALWAYS TRIGGER never_truncated;

ALTER TABLE auto_migration.event_kind ENABLE ROW LEVEL SECURITY;

CREATE POLICY event_kind_read ON auto_migration.event_kind FOR SELECT USING (true);

-- Written out and no foreign key: the check of a key would need the right to update kinds, which the owner gives away below.
ALTER TABLE auto_migration.event DROP CONSTRAINT event_kind_check;
ALTER TABLE auto_migration.event ADD CONSTRAINT event_kind_check
CHECK (kind IN ('Started', 'Applied', 'Failed', 'Baselined', 'Adopted', 'Renamed'));

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
  SELECT count(*), (event).migration_id, (event).checksum, CASE WHEN is_applied THEN (event).sequence END
  FROM auto_migration.migration_bit
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

CREATE OR REPLACE FUNCTION auto_migration.grant_reader(role_name name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  own name;
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA auto_migration TO %I', role_name);
  FOREACH own IN ARRAY ARRAY['event', 'migration_bit', 'applied_set', 'lease', 'event_kind'] LOOP
    EXECUTE format('GRANT SELECT ON auto_migration.%I TO %I', own, role_name);
  END LOOP;
END
$$;

REVOKE ALL ON auto_migration.event_kind FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON auto_migration.event_kind FROM CURRENT_USER;
REVOKE ALL ON FUNCTION auto_migration.fold_event(auto_migration.event), auto_migration.grant_reader(name) FROM PUBLIC;

-- Who could read the ledger before can do so now.
DO $$
DECLARE
  granted record;
BEGIN
  FOR granted IN
    SELECT DISTINCT r.rolname
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
    JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
    WHERE n.nspname = 'auto_migration' AND c.relname = 'event' AND a.grantee <> c.relowner
  LOOP
    PERFORM auto_migration.grant_reader(granted.rolname);
  END LOOP;
END
$$;
