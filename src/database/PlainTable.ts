/**
 * Whether a row that is written to a table runs no code but the server's own. A table that no file makes may have anything that its
 * makers gave it, so the database is asked. What this finds plain stays so as long as a lock holds `CREATE TRIGGER`, `CREATE RULE` and
 * `ALTER TABLE` off: the one that an `INSERT` takes does (PostgreSQL manual, section 13.3, Explicit Locking).
 *
 * The server records on which objects of the database's own an expression, a column or an index depends, and numbers them from 16384
 * on (PostgreSQL manual, section 52.18, pg_depend; src/include/access/transam.h).
 *
 * @internal
 */

/** What an expression, a column or an index depends on, and brings code of the database's own; an enum and its array bring none. */
const ownCode = `EXISTS (SELECT FROM pg_catalog.pg_depend AS d LEFT JOIN pg_catalog.pg_type AS t
          ON d.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND t.oid = d.refobjid
          LEFT JOIN pg_catalog.pg_type AS e ON e.oid = t.typelem
        WHERE d.refobjid >= 16384 AND coalesce(CASE t.typtype WHEN 'b' THEN e.typtype ELSE t.typtype END, 'f') <> 'e' AND d.refclassid IN (
          'pg_catalog.pg_type'::pg_catalog.regclass, 'pg_catalog.pg_proc'::pg_catalog.regclass,
          'pg_catalog.pg_operator'::pg_catalog.regclass, 'pg_catalog.pg_opclass'::pg_catalog.regclass)
        AND (d.classid, d.objid) IN (SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, p.oid
          UNION ALL SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, i.indexrelid FROM pg_catalog.pg_index AS i WHERE i.indrelid = p.oid
          UNION ALL SELECT 'pg_catalog.pg_attrdef'::pg_catalog.regclass, a.oid FROM pg_catalog.pg_attrdef AS a WHERE a.adrelid = p.oid
          UNION ALL SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = p.oid))`

/** Functions of the server that run a text as SQL. */
const runsText = (expression: string): string =>
  `${expression} ~ '(_to_xml|ts_stat|ts_rewrite|import_system_collations)'`

/**
 * A condition in SQL: a table, whose children and partitions are tables as well, without a trigger, a rule, row security or a default
 * partition, and without a function, an operator or a type of the database's own but enums.
 *
 * @since 0.1.0
 * @category statements
 */
export const isPlain = (oid: string): string => `NOT EXISTS (
      WITH RECURSIVE tree AS (SELECT ${oid} AS oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.oid)
      SELECT FROM tree JOIN pg_catalog.pg_class AS p ON p.oid = tree.oid
      WHERE p.relkind NOT IN ('r', 'p') OR p.relrowsecurity OR p.relhasrules
        OR EXISTS (SELECT FROM pg_catalog.pg_trigger AS g WHERE g.tgrelid = p.oid AND NOT g.tgisinternal)
        OR EXISTS (SELECT FROM pg_catalog.pg_partitioned_table AS o WHERE o.partrelid = p.oid AND o.partdefid <> 0)
        OR EXISTS (SELECT FROM pg_catalog.pg_attrdef AS a WHERE a.adrelid = p.oid AND ${runsText("pg_catalog.pg_get_expr(a.adbin, p.oid)")})
        OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = p.oid AND ${runsText("pg_catalog.pg_get_constraintdef(k.oid)")})
        OR EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = p.oid AND ${runsText("pg_catalog.pg_get_indexdef(i.indexrelid)")})
        OR ${ownCode})`
