/**
 * Functions of the server and of extensions with effects that their call does not show: they run a text as SQL, read the
 * whole catalog, or change what is no object of the schema.
 *
 * @since 0.1.0
 * @internal
 */
import type { Node } from "@pgsql/types"

const opaqueFunctions: ReadonlySet<string> = new Set([
  "connectby",
  "crosstab",
  "crosstab2",
  "crosstab3",
  "crosstab4",
  "cursor_to_xml",
  "database_to_xml",
  "database_to_xml_and_xmlschema",
  "dblink",
  "dblink_exec",
  "dblink_send_query",
  "heap_force_freeze",
  "heap_force_kill",
  "pg_import_system_collations",
  "pg_partition_tree",
  "query_to_xml",
  "query_to_xml_and_xmlschema",
  "schema_to_xml",
  "schema_to_xml_and_xmlschema",
  "table_to_xml",
  "table_to_xml_and_xmlschema",
  "ts_rewrite",
  "ts_stat",
  "xpath_table"
])

const outsideFunctions: ReadonlySet<string> = new Set([
  "dblink_connect",
  "dblink_connect_u",
  "dblink_open",
  "lo_export",
  "lo_put",
  "lo_truncate",
  "lo_truncate64",
  "lo_unlink",
  "lowrite",
  "pg_cancel_backend",
  "pg_drop_replication_slot",
  "pg_promote",
  "pg_replication_origin_drop",
  "pg_replication_slot_advance",
  "pg_terminate_backend"
])

/**
 * Whether a call may read or change objects of the schema that it does not name. `set_config` may where the setting's name is
 * computed.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasHiddenEffects = (name: string, [first]: ReadonlyArray<Node>): boolean =>
  opaqueFunctions.has(name) || (name === "set_config" && !(first !== undefined && "A_Const" in first))

/**
 * Whether a call changes what is no object of the schema: large objects, sessions, replication, files. The order of
 * migrations does not depend on it.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasOutsideEffects = (name: string): boolean => outsideFunctions.has(name)
