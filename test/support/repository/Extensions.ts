/**
 * What the extensions that come with PostgreSQL bring, as the server's catalog tells it. Functions that only operators,
 * types and indexes use are left out, and operators of types that come with the extension: a query with such a type
 * lacks the type first.
 */
import * as fs from "node:fs"
import { fileURLToPath } from "node:url"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Database from "../server/Database.js"

const Names = Schema.Array(Schema.String)

/** The parts of one extension. An operator is written with the types of its operands. */
export const Contents = Schema.Struct({
  name: Schema.String,
  types: Names,
  relations: Names,
  functions: Names,
  operators: Names,
  requires: Names
})

type Contents = typeof Contents.Type

/** Languages come with the server too, and with another package than the one that is asked. */
const available = `SELECT name FROM pg_available_extensions WHERE name !~ '^(pl|.*_pl)' ORDER BY name COLLATE "C"`

const members = (kind: string): string =>
  `(SELECT objid FROM pg_depend WHERE refclassid = 'pg_extension'::regclass AND refobjid = e.oid AND deptype = 'e' AND classid = '${kind}'::regclass)`

const names = (select: string): string =>
  `coalesce((SELECT json_agg(DISTINCT name ORDER BY name) FROM (${select}) AS s (name)), '[]')`

const contents = `
  SELECT e.extname AS name,
    ${names(`SELECT typname COLLATE "C" FROM pg_type WHERE oid IN ${members("pg_type")} AND typelem = 0 AND typtype <> 'c'
      AND typname !~ '(^gtrgm|_gist|gbtreekey[0-9_var]*)$'`)} AS types,
    ${names(`SELECT relname COLLATE "C" FROM pg_class WHERE oid IN ${members("pg_class")} AND relkind IN ('r', 'v')`)} AS relations,
    ${names(`SELECT proname COLLATE "C" FROM pg_proc p WHERE oid IN ${members("pg_proc")}
      AND NOT 'internal'::regtype = ANY (proargtypes) AND prorettype NOT IN ('internal'::regtype, 'cstring'::regtype)
      AND NOT 'cstring'::regtype = ANY (proargtypes)
      AND NOT EXISTS (SELECT FROM pg_operator o WHERE o.oprcode = p.oid)
      AND NOT EXISTS (SELECT FROM pg_amproc a WHERE a.amproc = p.oid)
      AND NOT EXISTS (SELECT FROM pg_cast c WHERE c.castfunc = p.oid AND proname <> ALL (ARRAY[format_type(c.casttarget, NULL)]))
      AND NOT EXISTS (SELECT FROM pg_aggregate a WHERE p.oid IN (a.aggtransfn, a.aggfinalfn, a.aggcombinefn, a.aggserialfn, a.aggdeserialfn))
      AND NOT EXISTS (SELECT FROM pg_operator o WHERE p.oid IN (o.oprrest, o.oprjoin))
      AND NOT EXISTS (SELECT FROM pg_type t WHERE p.oid IN (t.typsend, t.typreceive, t.typmodin, t.typmodout))`)} AS functions,
    ${names(`SELECT concat_ws(' ', format_type(nullif(oprleft, 0), NULL), oprname, format_type(oprright, NULL)) COLLATE "C" FROM pg_operator
      WHERE oid IN ${members("pg_operator")} AND oprleft NOT IN ${members("pg_type")} AND oprright NOT IN ${members("pg_type")}
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_type'::regclass AND d.deptype = 'e' AND d.objid IN (oprleft, oprright))`)} AS operators,
    coalesce((SELECT to_json(requires) FROM pg_available_extension_versions v
      WHERE v.name = e.extname AND v.version = e.extversion), '[]') AS requires
  FROM pg_extension e WHERE e.extname = `

/** Makes each extension in the database, and asks what it has brought. */
export const extensions = (url: string): Effect.Effect<ReadonlyArray<Contents>> =>
  Effect.gen(function* () {
    const found: Array<Contents> = []
    for (const { name } of yield* Database.query(url, available)) {
      const rows = yield* Database.query(
        url,
        `CREATE EXTENSION IF NOT EXISTS "${name}" CASCADE`,
        `${contents}'${name}'`
      )
      found.push(...Schema.decodeUnknownSync(Schema.Array(Contents))(rows))
    }
    return found
  })

const file = fileURLToPath(new URL("../../../src/core/catalog/ServerExtensions.ts", import.meta.url))

const textOf = (all: ReadonlyArray<Contents>): string => `/**
 * What the extensions that come with PostgreSQL 18 bring. Written by \`npm run catalogues\` from the server's catalog: do not
 * edit.
 *
 * @internal
 */

/** Names, separated by commas. @since 0.1.0 @category models */
export interface ExtensionContents {
  readonly types?: string
  readonly relations?: string
  readonly functions?: string
  /** Those of types that are there without the extension: a query with another type lacks the type first. */
  readonly operators?: string
  readonly requires?: string
}

/** The parts of each extension, without those that it has none of. @since 0.1.0 @category constants */
export const serverExtensions: ReadonlyArray<ExtensionContents & { readonly name: string }> = [
${all
  .map(
    ({ name, ...parts }) =>
      `  ${JSON.stringify({
        name,
        ...Object.fromEntries(
          Object.entries(parts)
            .filter(([, part]) => part.length > 0)
            .map(([key, part]) => [key, part.join(",")])
        )
      })}`
  )
  .join(",\n")}
]
`

/** Writes the list as the server at this URL tells it. */
export const write = (url: string): Effect.Effect<void> =>
  Effect.map(extensions(url), (all) => fs.writeFileSync(file, textOf(all)))
