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

const regclass = (name: string): string => `'pg_catalog.pg_${name}'::pg_catalog.regclass`

/** Extensions of PostgreSQL's own, and pgvector, whose functions in C compute a value and do no more. */
const calmExtensions = [
  ...["btree_gin", "btree_gist", "citext", "cube", "hstore", "intarray", "isn", "ltree", "pg_trgm", "pgcrypto", "seg"],
  ...["unaccent", "uuid-ossp", "vector"]
].join()

/** Whether an object belongs to a calm extension. */
const isCalm = (catalog: string, oid: string): string => `EXISTS (SELECT FROM pg_catalog.pg_depend AS m
          JOIN pg_catalog.pg_extension AS x ON m.refclassid = ${regclass("extension")} AND x.oid = m.refobjid
        WHERE m.classid = ${catalog} AND m.objid = ${oid} AND m.deptype = 'e' AND x.extname = ANY ('{${calmExtensions}}'))`

/** Whether a function belongs to a calm extension and is written in C: another language may have a body made by hand. */
const isCalmFunction = (
  oid: string
): string => `${isCalm(regclass("proc"), oid)} AND EXISTS (SELECT FROM pg_catalog.pg_proc AS f
          JOIN pg_catalog.pg_language AS l ON l.oid = f.prolang WHERE f.oid = ${oid} AND l.lanname = ANY ('{c,internal}'))`

/** Whether an expression calls a function of the server that runs a text as SQL. */
const runsText = (expression: string): string =>
  `coalesce(${expression} ~ '(_to_xml|ts_stat|ts_rewrite|import_system_collations|pg_input_)', false)`

/** Whether a domain over a type of the server has a default and checks of the server's own code only. */
const isPlainDomain = `t.typtype = 'd' AND t.typbasetype < 16384
          AND NOT ${runsText("t.typdefault")}
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid AND ${runsText("pg_catalog.pg_get_constraintdef(k.oid)")})
          AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS u WHERE u.refobjid >= 16384 AND u.refclassid = ANY (ARRAY[
              ${regclass("proc")}, ${regclass("operator")}]) AND (u.classid, u.objid) = ANY (SELECT ${regclass("type")}, t.oid
            UNION ALL SELECT ${regclass("constraint")}, k.oid FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid))`

/**
 * Whether an expression, a column or an index depends on code of the database. An enum, a plain domain, a calm
 * extension's type and an array of these bring no code, except an array of a domain.
 */
const ownCode = `EXISTS (SELECT FROM pg_catalog.pg_depend AS d LEFT JOIN pg_catalog.pg_type AS t
          ON d.refclassid = ${regclass("type")} AND t.oid = d.refobjid
          LEFT JOIN pg_catalog.pg_type AS e ON e.oid = CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid END
        WHERE d.refobjid >= 16384
        AND d.refclassid = ANY (ARRAY[${regclass("type")}, ${regclass("proc")}, ${regclass("operator")}, ${regclass("opclass")}])
        AND (CASE WHEN d.refclassid = ${regclass("type")} THEN e.typtype = 'e' OR (${isPlainDomain})
            OR e.typtype = 'b' AND ${isCalm(regclass("type"), "e.oid")} AND ${isCalmFunction("e.typinput")}
          WHEN d.refclassid = ${regclass("proc")} THEN ${isCalmFunction("d.refobjid")}
          WHEN d.refclassid = ${regclass("operator")} THEN ${isCalmFunction("(SELECT o.oprcode FROM pg_catalog.pg_operator AS o WHERE o.oid = d.refobjid)")}
          ELSE ${isCalm("d.refclassid", "d.refobjid")} END) IS NOT TRUE
        AND (d.classid, d.objid) = ANY (SELECT ${regclass("class")}, p.oid
          UNION ALL SELECT ${regclass("class")}, i.indexrelid FROM pg_catalog.pg_index AS i WHERE i.indrelid = p.oid
          UNION ALL SELECT ${regclass("attrdef")}, a.oid FROM pg_catalog.pg_attrdef AS a WHERE a.adrelid = p.oid
          UNION ALL SELECT ${regclass("constraint")}, k.oid FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = p.oid))`

/**
 * The condition, in SQL, that a table is plain. Its children and partitions are tables. Neither it nor they have a
 * rule, row security, a default partition or a trigger that an `INSERT` fires, or use code of the database. A new
 * partition takes over the other triggers of a partitioned table as well, so such a table has none.
 *
 * @since 0.1.0
 * @category statements
 */
export const isPlain = (oid: string): string => `NOT EXISTS (
      WITH RECURSIVE tree AS (SELECT ${oid} AS oid UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.oid)
      SELECT FROM tree JOIN pg_catalog.pg_class AS p ON p.oid = tree.oid
      WHERE p.relkind <> ALL ('{r,p}') OR p.relrowsecurity OR p.relhasrules
        OR EXISTS (SELECT FROM pg_catalog.pg_trigger AS g WHERE g.tgrelid = p.oid AND NOT g.tgisinternal
          AND ((g.tgtype & 4) <> 0 OR p.relkind = 'p'))
        OR EXISTS (SELECT FROM pg_catalog.pg_partitioned_table AS o WHERE o.partrelid = p.oid AND o.partdefid <> 0)
        OR EXISTS (SELECT FROM pg_catalog.pg_attrdef AS a WHERE a.adrelid = p.oid AND ${runsText("pg_catalog.pg_get_expr(a.adbin, p.oid)")})
        OR EXISTS (SELECT FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = p.oid AND ${runsText("pg_catalog.pg_get_constraintdef(k.oid)")})
        OR EXISTS (SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = p.oid AND ${runsText("pg_catalog.pg_get_indexdef(i.indexrelid)")})
        OR ${ownCode})`
