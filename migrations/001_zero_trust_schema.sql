-- The event log: append-only, hash-chained, written by nobody but the server itself.
--
-- Zero trust means that a writer states only what it did. Position, time, identity and hash are set by a trigger, whatever
-- the writer sends; nothing is ever updated, deleted or truncated, by trigger for everybody and by privilege for the owner.
-- Row level security is enabled and not forced: a forced policy would make pg_dump fail for an owner who is no superuser.
--
-- Roles are cluster-wide and need CREATEROLE, which the owner of one schema rarely has. The two roles of the ledger, reader
-- and writer, are therefore granted to roles that exist: SELECT auto_migration.grant_reader('auditor').
-- A schema that somebody else made is used as it is, and nothing else in it is touched: CREATE SCHEMA IF NOT EXISTS would ask
-- for the right to make one before it looks.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'auto_migration') THEN
    CREATE SCHEMA auto_migration;
    REVOKE ALL ON SCHEMA auto_migration FROM PUBLIC;
  END IF;
END
$$;

CREATE TABLE auto_migration.event (
  sequence bigint PRIMARY KEY CHECK (sequence > 0),
  kind text NOT NULL CHECK (kind IN ('Started', 'Applied', 'Failed', 'Baselined')),
  migration_id text NOT NULL CHECK (migration_id <> ''),
  checksum text NOT NULL CHECK (checksum ~ '^[a-z0-9]+:[0-9a-f]+$'),
  detail jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(detail) = 'object'),
  recorded_at timestamptz NOT NULL,
  recorded_by name NOT NULL,
  previous_hash text NOT NULL CHECK (previous_hash ~ '^[0-9a-f]{64}$'),
  hash text NOT NULL CHECK (hash ~ '^[0-9a-f]{64}$')
);

COMMENT ON TABLE auto_migration.event IS 'Append-only event log of effect-auto-migration; the applied set is its projection.';

CREATE INDEX event_migration_id ON auto_migration.event (migration_id, sequence);

-- A field as it enters the hash: its length in bytes, a colon, and the field. No two lists of fields have one encoding.
CREATE FUNCTION auto_migration.netstring(field text) RETURNS text
LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$ SELECT octet_length(convert_to(field, 'UTF8')) || ':' || field $$;

CREATE FUNCTION auto_migration.event_hash(event auto_migration.event) RETURNS text
LANGUAGE sql STABLE STRICT PARALLEL SAFE SET search_path = pg_catalog, pg_temp
AS $$
  SELECT encode(sha256(convert_to(
    auto_migration.netstring((event).previous_hash)
    || auto_migration.netstring((event).sequence::text)
    || auto_migration.netstring((event).kind)
    || auto_migration.netstring((event).migration_id)
    || auto_migration.netstring((event).checksum)
    || auto_migration.netstring((event).detail::text)
    || auto_migration.netstring(to_char((event).recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
    || auto_migration.netstring((event).recorded_by::text),
    'UTF8')), 'hex')
$$;

-- The lock makes the sequence gapless: it is the lock that a running migration holds already, so nobody waits for it twice.
CREATE FUNCTION auto_migration.chain_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  last record;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('effect-auto-migration/' || TG_TABLE_SCHEMA, 0));
  SELECT e.sequence, e.hash INTO last FROM auto_migration.event AS e ORDER BY e.sequence DESC LIMIT 1;
  NEW.sequence := coalesce(last.sequence, 0) + 1;
  NEW.previous_hash := coalesce(last.hash, repeat('0', 64));
  NEW.recorded_at := clock_timestamp();
  NEW.recorded_by := session_user;
  NEW.hash := auto_migration.event_hash(NEW);
  RETURN NEW;
END
$$;

CREATE TRIGGER chain BEFORE INSERT ON auto_migration.event
FOR EACH ROW EXECUTE FUNCTION auto_migration.chain_event();

CREATE FUNCTION auto_migration.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  RAISE EXCEPTION '% on %.% is refused: the event log is append-only', TG_OP, TG_TABLE_SCHEMA, TG_TABLE_NAME
    USING ERRCODE = 'insufficient_privilege', HINT = 'Record a new event instead.';
END
$$;

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON auto_migration.event
FOR EACH ROW EXECUTE FUNCTION auto_migration.refuse_change();

CREATE TRIGGER never_truncated BEFORE TRUNCATE ON auto_migration.event
FOR EACH STATEMENT EXECUTE FUNCTION auto_migration.refuse_change();

-- Also where session_replication_role would silence ordinary triggers.
ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER chain;
ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER never_truncated;

ALTER TABLE auto_migration.event ENABLE ROW LEVEL SECURITY;

CREATE POLICY event_read ON auto_migration.event FOR SELECT USING (true);

CREATE POLICY event_append ON auto_migration.event FOR INSERT WITH CHECK (recorded_by = session_user);

REVOKE ALL ON auto_migration.event FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON auto_migration.event FROM CURRENT_USER;

CREATE FUNCTION auto_migration.grant_reader(role_name name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
  own name;
BEGIN
  EXECUTE format('GRANT USAGE ON SCHEMA auto_migration TO %I', role_name);
  FOREACH own IN ARRAY ARRAY['event', 'migration_bit', 'applied_set', 'lease'] LOOP
    IF to_regclass(format('%I.%I', 'auto_migration', own)) IS NOT NULL THEN
      EXECUTE format('GRANT SELECT ON auto_migration.%I TO %I', own, role_name);
    END IF;
  END LOOP;
END
$$;

CREATE FUNCTION auto_migration.grant_writer(role_name name) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
  PERFORM auto_migration.grant_reader(role_name);
  EXECUTE format('GRANT INSERT ON auto_migration.event TO %I', role_name);
END
$$;

REVOKE ALL ON FUNCTION auto_migration.netstring(text), auto_migration.event_hash(auto_migration.event),
  auto_migration.chain_event(), auto_migration.refuse_change(), auto_migration.grant_reader(name),
  auto_migration.grant_writer(name) FROM PUBLIC;
