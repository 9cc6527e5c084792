-- Leases: one row for each migration that runs outside transactions, from its start until it is recorded as applied. As long
-- as a lease lasts it stands for the lock of the migrations, which no transaction could hold meanwhile. A lease that is over
-- tells whoever comes next where to go on.
--
-- Zero trust, as in the event log: a holder states what it did and how long it asks for; who it is and what time it is, the
-- server says. A process whose clock jumps changes nothing, and a lease that lasts belongs to the role that took it.
CREATE TABLE auto_migration.lease (
  migration_id text PRIMARY KEY CHECK (migration_id <> ''),
  checksum text NOT NULL CHECK (checksum ~ '^[a-z0-9]+:[0-9a-f]+$'),
  -- One attempt. Its session calls itself 'effect-auto-migration <holder>', so that it is found behind a pooler as well.
  holder uuid NOT NULL,
  -- From each heartbeat on; a lease that is given back lasts no time at all.
  lasts interval NOT NULL CHECK (lasts >= '0'),
  -- Statements of the script that are done, from its beginning.
  progress integer NOT NULL CHECK (progress >= 0),
  -- What may have been begun after those: nothing where the server is known to have refused it, the next statement, or any.
  in_doubt text NOT NULL CHECK (in_doubt IN ('nothing', 'next', 'all')),
  held_by name NOT NULL,
  taken_at timestamptz NOT NULL,
  heartbeat_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);

COMMENT ON TABLE auto_migration.lease IS 'Migrations that run outside transactions, or have been interrupted there.';

CREATE FUNCTION auto_migration.time_lease() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  NEW.held_by := session_user;
  NEW.heartbeat_at := clock_timestamp();
  NEW.expires_at := NEW.heartbeat_at + NEW.lasts;
  NEW.taken_at := NEW.heartbeat_at;
  IF TG_OP = 'UPDATE' AND NEW.holder = OLD.holder THEN
    NEW.taken_at := OLD.taken_at;
  END IF;
  RETURN NEW;
END
$$;

CREATE TRIGGER time BEFORE INSERT OR UPDATE ON auto_migration.lease
FOR EACH ROW EXECUTE FUNCTION auto_migration.time_lease();

ALTER TABLE auto_migration.lease ENABLE ALWAYS TRIGGER time;

ALTER TABLE auto_migration.lease ENABLE ROW LEVEL SECURITY;

CREATE POLICY lease_read ON auto_migration.lease FOR SELECT USING (true);

CREATE POLICY lease_take ON auto_migration.lease FOR INSERT WITH CHECK (held_by = session_user);

CREATE POLICY lease_renew ON auto_migration.lease FOR UPDATE
USING (held_by = session_user OR expires_at <= clock_timestamp()) WITH CHECK (held_by = session_user);

CREATE POLICY lease_end ON auto_migration.lease FOR DELETE
USING (held_by = session_user OR expires_at <= clock_timestamp());

CREATE OR REPLACE FUNCTION auto_migration.grant_writer(role_name name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM auto_migration.grant_reader(role_name);
  EXECUTE format('GRANT INSERT ON auto_migration.event TO %I', role_name);
  EXECUTE format('GRANT INSERT, UPDATE, DELETE ON auto_migration.lease TO %I', role_name);
END
$$;

REVOKE ALL ON auto_migration.lease FROM PUBLIC;
REVOKE ALL ON FUNCTION auto_migration.time_lease(), auto_migration.grant_writer(name) FROM PUBLIC;

-- Who could read or write the ledger before can do so now.
DO $$
DECLARE
  granted record;
BEGIN
  FOR granted IN
    SELECT r.rolname, bool_or(a.privilege_type = 'INSERT') AS is_writer
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN LATERAL pg_catalog.aclexplode(c.relacl) AS a
    JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
    WHERE n.nspname = 'auto_migration' AND c.relname = 'event' AND a.grantee <> c.relowner
    GROUP BY r.rolname
  LOOP
    IF granted.is_writer THEN
      PERFORM auto_migration.grant_writer(granted.rolname);
    ELSE
      PERFORM auto_migration.grant_reader(granted.rolname);
    END IF;
  END LOOP;
END
$$;
