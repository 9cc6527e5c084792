/**
 * The tables of the ledger as its own migrations make them. Written by `npm run catalogues` from the server's catalog: do
 * not edit.
 *
 * @internal
 */

/** Each with the place of its migration, from 1 on, and its table. @since 0.1.0 @category constants */
export const definitions: ReadonlyArray<readonly [place: number, table: string, object: string, definition: string]> = [
  [1, "event", "column checksum of event", "text NOT NULL"],
  [1, "event", "column detail of event", "jsonb NOT NULL DEFAULT '{}'::jsonb"],
  [1, "event", "column hash of event", "text NOT NULL"],
  [1, "event", "column kind of event", "text NOT NULL"],
  [1, "event", "column migration_id of event", "text NOT NULL"],
  [1, "event", "column previous_hash of event", "text NOT NULL"],
  [1, "event", "column recorded_at of event", "timestamp with time zone NOT NULL"],
  [1, "event", "column recorded_by of event", "name NOT NULL"],
  [1, "event", "column sequence of event", "bigint NOT NULL"],
  [1, "event", "constraint event_checksum_check on event", "CHECK ((checksum ~ '^[a-z0-9]+:[0-9a-f]+$'::text))"],
  [1, "event", "constraint event_detail_check on event", "CHECK ((jsonb_typeof(detail) = 'object'::text))"],
  [1, "event", "constraint event_hash_check on event", "CHECK ((hash ~ '^[0-9a-f]{64}$'::text))"],
  [
    1,
    "event",
    "constraint event_kind_check on event",
    "CHECK ((kind = ANY (ARRAY['Started'::text, 'Applied'::text, 'Failed'::text, 'Baselined'::text])))"
  ],
  [1, "event", "constraint event_migration_id_check on event", "CHECK ((migration_id <> ''::text))"],
  [1, "event", "constraint event_pkey on event", "PRIMARY KEY (sequence)"],
  [1, "event", "constraint event_previous_hash_check on event", "CHECK ((previous_hash ~ '^[0-9a-f]{64}$'::text))"],
  [1, "event", "constraint event_sequence_check on event", "CHECK ((sequence > 0))"],
  [1, "event", "policy event_append on event", "a permissive PUBLIC CHECK (recorded_by = SESSION_USER)"],
  [1, "event", "policy event_read on event", "r permissive PUBLIC USING true"],
  [1, "event", "table event", "r p row security"],
  [1, "event", "trigger append_only on event", "27 refuse_change"],
  [1, "event", "trigger chain on event", "7 chain_event"],
  [1, "event", "trigger never_truncated on event", "34 refuse_change"],
  [2, "applied_set", "column bits of applied_set", "bytea NOT NULL"],
  [2, "applied_set", "column sequence of applied_set", "bigint NOT NULL"],
  [2, "applied_set", "column singleton of applied_set", "boolean NOT NULL DEFAULT true"],
  [2, "applied_set", "constraint applied_set_pkey on applied_set", "PRIMARY KEY (singleton)"],
  [2, "applied_set", "constraint applied_set_singleton_check on applied_set", "CHECK (singleton)"],
  [2, "applied_set", "policy applied_set_read on applied_set", "r permissive PUBLIC USING true"],
  [2, "applied_set", "table applied_set", "r p row security"],
  [2, "event", "trigger project on event", "5 project_event"],
  [2, "migration_bit", "column applied_by of migration_bit", "bigint"],
  [2, "migration_bit", "column bit of migration_bit", "integer NOT NULL"],
  [2, "migration_bit", "column checksum of migration_bit", "text NOT NULL"],
  [2, "migration_bit", "column migration_id of migration_bit", "text NOT NULL"],
  [2, "migration_bit", "constraint migration_bit_applied_by_key on migration_bit", "UNIQUE (applied_by)"],
  [2, "migration_bit", "constraint migration_bit_bit_check on migration_bit", 'CHECK (("bit" >= 0))'],
  [2, "migration_bit", "constraint migration_bit_migration_id_key on migration_bit", "UNIQUE (migration_id)"],
  [2, "migration_bit", "constraint migration_bit_pkey on migration_bit", 'PRIMARY KEY ("bit")'],
  [2, "migration_bit", "policy migration_bit_read on migration_bit", "r permissive PUBLIC USING true"],
  [2, "migration_bit", "table migration_bit", "r p row security"],
  [3, "lease", "column checksum of lease", "text NOT NULL"],
  [3, "lease", "column expires_at of lease", "timestamp with time zone NOT NULL"],
  [3, "lease", "column heartbeat_at of lease", "timestamp with time zone NOT NULL"],
  [3, "lease", "column held_by of lease", "name NOT NULL"],
  [3, "lease", "column holder of lease", "uuid NOT NULL"],
  [3, "lease", "column in_doubt of lease", "text NOT NULL"],
  [3, "lease", "column lasts of lease", "interval NOT NULL"],
  [3, "lease", "column migration_id of lease", "text NOT NULL"],
  [3, "lease", "column progress of lease", "integer NOT NULL"],
  [3, "lease", "column taken_at of lease", "timestamp with time zone NOT NULL"],
  [3, "lease", "constraint lease_checksum_check on lease", "CHECK ((checksum ~ '^[a-z0-9]+:[0-9a-f]+$'::text))"],
  [
    3,
    "lease",
    "constraint lease_in_doubt_check on lease",
    "CHECK ((in_doubt = ANY (ARRAY['nothing'::text, 'next'::text, 'all'::text])))"
  ],
  [3, "lease", "constraint lease_lasts_check on lease", "CHECK ((lasts >= '00:00:00'::interval))"],
  [3, "lease", "constraint lease_migration_id_check on lease", "CHECK ((migration_id <> ''::text))"],
  [3, "lease", "constraint lease_pkey on lease", "PRIMARY KEY (migration_id)"],
  [3, "lease", "constraint lease_progress_check on lease", "CHECK ((progress >= 0))"],
  [
    3,
    "lease",
    "policy lease_end on lease",
    "d permissive PUBLIC USING ((held_by = SESSION_USER) OR (expires_at <= clock_timestamp()))"
  ],
  [3, "lease", "policy lease_read on lease", "r permissive PUBLIC USING true"],
  [
    3,
    "lease",
    "policy lease_renew on lease",
    "w permissive PUBLIC USING ((held_by = SESSION_USER) OR (expires_at <= clock_timestamp())) CHECK (held_by = SESSION_USER)"
  ],
  [3, "lease", "policy lease_take on lease", "a permissive PUBLIC CHECK (held_by = SESSION_USER)"],
  [3, "lease", "table lease", "r p row security"],
  [3, "lease", "trigger time on lease", "23 time_lease"],
  [
    4,
    "event",
    "constraint event_kind_check on event",
    "CHECK ((kind = ANY (ARRAY['Started'::text, 'Applied'::text, 'Failed'::text, 'Baselined'::text, 'Adopted'::text, 'Renamed'::text])))"
  ],
  [4, "event_kind", "column is_application of event_kind", "boolean NOT NULL"],
  [4, "event_kind", "column kind of event_kind", "text NOT NULL"],
  [4, "event_kind", "constraint event_kind_pkey on event_kind", "PRIMARY KEY (kind)"],
  [4, "event_kind", "policy event_kind_read on event_kind", "r permissive PUBLIC USING true"],
  [4, "event_kind", "table event_kind", "r p row security"],
  [4, "event_kind", "trigger append_only on event_kind", "27 refuse_change"],
  [4, "event_kind", "trigger never_truncated on event_kind", "34 refuse_change"],
  [5, "applied_set", "trigger guard on applied_set", "31 guard_projection"],
  [5, "applied_set", "trigger never_truncated on applied_set", "34 guard_projection"],
  [5, "migration_bit", "trigger guard on migration_bit", "31 guard_projection"],
  [5, "migration_bit", "trigger never_truncated on migration_bit", "34 guard_projection"],
  [
    6,
    "event",
    "constraint event_migration_id_readable on event",
    "CHECK (((migration_id !~ '[\\u0001-\\u001f\\u007f-\\u009f]'::text) AND (migration_id !~ '^[ \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]'::text) AND (migration_id !~ '[ \\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000\\ufeff]$'::text)))"
  ],
  [
    6,
    "lease",
    "constraint lease_lasts_limit on lease",
    "CHECK (((lasts <= '1 day'::interval) AND ((expires_at - heartbeat_at) <= '1 day'::interval)))"
  ],
  [7, "event", "constraint event_checksum_size on event", "CHECK ((octet_length(checksum) <= 1024))"],
  [7, "event", "constraint event_detail_size on event", "CHECK ((octet_length((detail)::text) <= 1048576))"],
  [7, "event", "constraint event_migration_id_size on event", "CHECK ((octet_length(migration_id) <= 1024))"],
  [
    7,
    "lease",
    "constraint lease_size on lease",
    "CHECK (((octet_length(migration_id) <= 1024) AND (octet_length(checksum) <= 1024)))"
  ]
]
