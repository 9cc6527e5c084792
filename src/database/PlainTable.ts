/**
 * Plain tables: a row that is written to one runs only the server's own code. The files do not tell this of a table
 * that no file makes, so the database is asked. A plain table stays plain under a lock that keeps `CREATE TRIGGER`,
 * `CREATE RULE` and `ALTER TABLE` away, as the lock of an `INSERT` does (PostgreSQL manual, section 13.3, Explicit
 * Locking).
 *
 * The server records which objects an expression, a column or an index depends on. Objects that are not the server's
 * own have numbers from 16384 on (PostgreSQL manual, section 52.18, pg_depend; src/include/access/transam.h).
 *
 * @internal
 */

/** Whether an expression, a column or an index depends on code of the database. An enum and its array bring no code. */
const ownCode = `EXISTS (SELECT FROM pg_catalog.pg_depend AS d LEFT JOIN pg_catalog.pg_type AS t
          ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.refobjid
          LEFT JOIN pg_catalog.pg_type AS e ON e.oid = t.typelem
        WHERE d.refobjid >= 16384 AND coalesce(CASE WHEN t.typtype = 'b' THEN e.typtype ELSE t.typtype END, 'f') <> 'e' AND d.refclassid = ANY (ARRAY[
          'pg_catalog.pg_type'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass,
          'pg_catalog.pg_operator'::pg_catalog.regclass, 'pg_catalog.pg_opclass'::pg_catalog.regclass])
        AND (d.classid, d.objid) = ANY (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, p.oid
          UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid FROM pg_catalog.pg_index AS i WHERE i.indrelid = p.oid
          UNION ALL SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, a.oid FROM pg_catalog.pg_attrdef AS a WHERE a.adrelid = p.oid
          UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = p.oid))`

/** Whether an expression calls a function of the server that runs a text as SQL. */
const runsText = (expression: string): string =>
  `${expression} ~ '(_to_xml|ts_stat|ts_rewrite|import_system_collations|pg_input_)'`

/**
 * The condition, in SQL, that a table is plain. Its children and partitions are tables. Neither it nor they have a
 * trigger, a rule, row security or a default partition, or use a function, an operator or a type of the database,
 * except enums.
 *
 * @since 0.1.0
 * @category statements
 */
export const isPlain = (oid: string): string => `NOT EXISTS (
      WITH RECURSIVE tree AS (SELECT ${oid} AS oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.oid)
      SELECT FROM tree JOIN pg_catalog.pg_class AS p ON p.oid = tree.oid
      WHERE p.relkind <> ALL ('{r,p}') OR p.relrowsecurity OR p.relhasrules
        OR EXISTS (SELECT FROM pg_catalog.pg_trigger AS g WHERE g.tgrelid = p.oid AND NOT g.tgisinternal)
        OR EXISTS (SELECT FROM pg_catalog.pg_partitioned_table AS o WHERE o.partrelid = p.oid AND o.partdefid <> 0)
        OR EXISTS (SELECT FROM pg_catalog.pg_attrdef AS a WHERE a.adrelid = p.oid AND ${runsText("pg_catalog.pg_get_expr(a.adbin, p.oid)")})
        OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = p.oid AND ${runsText("pg_catalog.pg_get_constraintdef(k.oid)")})
        OR EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = p.oid AND ${runsText("pg_catalog.pg_get_indexdef(i.indexrelid)")})
        OR ${ownCode})`
