/**
 * The rules of docs/architecture.md, "From files to the graph", and what keeps a database unharmed that was there before, each taken out
 * of the sources: what a test is worth is shown by what it finds. `MUTANT=6` in the environment makes Vitest run the tests on sources
 * without rule 6; a letter tells mutants of one rule apart. An edit that no longer finds its text fails, so that no mutant dies
 * of old age.
 */
import * as path from "node:path"
import type { Plugin } from "vite"
import type { Mutant } from "./Mutant.js"
import { security } from "./SecurityMutants.js"

const fullName = `\`\${Option.getOrElse(name.schema, () => "public")}.\${name.name}\``

const order: ReadonlyArray<Mutant> = [
  {
    name: "1",
    without: "barriers",
    edits: [["core/reading/Recorder", "  barrier(recorder, reason)\n", ""]]
  },
  {
    name: "2a",
    without: "bare names",
    edits: [
      ["core/reading/Recorder", "  read(recorder, name.name, name)\n", `  read(recorder, ${fullName})\n`],
      ["core/reading/Recorder", "  write(recorder, name.name, name)\n", `  write(recorder, ${fullName})\n`],
      [
        "core/reading/Use",
        "R.write(recorder, relation.name.name, relation.name)",
        "R.writeName(recorder, relation.name)"
      ]
    ]
  },
  {
    name: "2b",
    without: "one name space for types and relations",
    edits: [
      [
        "core/footprint/Type",
        "  R.writeName(recorder, name)\n  R.claim(",
        `  R.write(recorder, \`type \${name.name}\`)\n  R.claim(`
      ]
    ]
  },
  {
    name: "2c",
    without: "writes waiting for writes",
    edits: [["core/graph/Hazard", "if (readers.length === 0) wait(waits, writer, key)", ""]]
  },
  {
    name: "3a",
    without: "the table of an index, a sequence or statistics",
    edits: [["core/reading/Use", "if (Option.isSome(part.owner)) change(recorder, part.owner.value)", ""]]
  },
  {
    name: "3b",
    without: "barriers where the table is not known",
    edits: [
      [
        "core/footprint/DropStatement",
        `R.opaqueBarrier(recorder, \`\${name.name} is not created`,
        `void (\`\${name.name} is not created`
      ],
      [
        "core/reading/Use",
        `R.opaqueBarrier(recorder, \`\${name.name} is not created`,
        `void (\`\${name.name} is not created`
      ]
    ]
  },
  {
    name: "4",
    without: "names that the server makes up",
    edits: [
      ["core/reading/ChosenNames", "R.write(recorder, name, table)", ""],
      ["core/reading/ChosenNames", "R.write(recorder, HazardKey.constraint(name), table)", ""]
    ]
  },
  {
    name: "5a",
    without: "the types of a table's columns",
    edits: [
      [
        "core/reading/Use",
        "    touchType(recorder, type)\n    if (Option.isSome(collation)",
        "    if (Option.isSome(collation)"
      ]
    ]
  },
  {
    name: "5b",
    without: "the types of a signature",
    edits: [["core/reading/Use", "for (const type of routine.types) touchType(recorder, type)", ""]]
  },
  {
    name: "6",
    without: "what an object depends on",
    edits: [["core/reading/StatementEnd", "for (const key of keys) if (key !== own) all.add(key)", ""]]
  },
  {
    name: "7a",
    without: "CASCADE",
    edits: [
      [
        "core/footprint/Drop",
        "  const isMeant = (",
        "  if (recorder.running !== undefined) return\n  const isMeant = ("
      ]
    ]
  },
  {
    name: "7b",
    without: "names that a drop frees",
    edits: [
      [
        "core/footprint/Drop",
        "  const part = R.findRelation(recorder, name)\n  R.writeName(recorder, name)\n",
        "  const part = R.findRelation(recorder, name)\n"
      ]
    ]
  },
  {
    name: "7c",
    without: "the new name of a rename",
    edits: [
      [
        "core/footprint/Rename",
        "  R.write(recorder, newname)\n  if (known === undefined) {",
        "  if (known === undefined) {"
      ]
    ]
  },
  {
    name: "7d",
    without: "the old name of a rename",
    edits: [
      [
        "core/footprint/Rename",
        "  changeWhole(recorder, known)\n  R.readAll(recorder, known.dependencies)\n  moveRelation(recorder, known, { schema: known.name.schema",
        "  moveRelation(recorder, known, { schema: known.name.schema"
      ]
    ]
  },
  {
    name: "7e",
    without: "the names that a rename turns",
    edits: [["core/catalog/Pointers", "if (hit.length === 0) return keys", "if (hit.length >= 0) return keys"]]
  },
  {
    name: "8a",
    without: "the tables that a view reads",
    edits: [
      ["core/reading/Use", "for (const other of relation.base) touch(recorder, other)", ""],
      ["core/reading/Use", "[...relation.base, ...relation.children]) fetch", "relation.children) fetch"]
    ]
  },
  {
    name: "8b",
    without: "the tables that a view writes",
    edits: [["core/reading/Use", "[...relation.base, ...relation.children]) store", "relation.children) store"]]
  },
  {
    name: "8c",
    without: "the children of a parent",
    edits: [
      ["core/reading/Use", "for (const child of relation.children) change(recorder, child)", ""],
      ["core/reading/Use", "[...relation.base, ...relation.children]) store", "relation.base) store"]
    ]
  },
  {
    name: "8d",
    without: "the parent of a new child",
    edits: [["core/footprint/Inheritance", "  Use.touchAlone(recorder, parent)\n", ""]]
  },
  {
    name: "9a",
    without: "triggers, defaults and checks",
    edits: [
      [
        "core/reading/Use",
        "runNamed(recorder, name, arity, (routine) => runBody(",
        "void ((routine: Catalog.Routine) => runBody("
      ]
    ]
  },
  {
    name: "9b",
    without: "bodies of functions that are called",
    edits: [["core/reading/Use", "(routine) => runBody(recorder, routine, args, undefined)", "() => undefined"]]
  },
  {
    name: "9c",
    without: "rules",
    edits: [["core/reading/Use", "for (const other of alsoWrites) store(", "for (const other of []) store("]]
  },
  {
    name: "9d",
    without: "foreign key actions",
    edits: [
      [
        "core/reading/Use",
        "for (const other of relation.referencedBy) followForeignKeys(",
        "for (const other of []) followForeignKeys("
      ]
    ]
  },
  {
    name: "9e",
    without: "the functions of operators and casts",
    edits: [
      ["core/reading/Use", "for (const hidden of runs) runHidden(recorder, undefined, hidden)", ""],
      ["core/reading/Use", "[...type.onWrite, ...type.runs]", "type.onWrite"],
      ["core/reading/StoredExpression", "...thingsIn(recorder, mentions).flatMap(({ runs }) => runs),", ""]
    ]
  },
  {
    name: "10a",
    without: "bodies in SQL",
    edits: [["core/footprint/Routine", `body._tag === "Code" && body.language === "sql"`, "body === undefined"]]
  },
  {
    name: "10b",
    without: "declared types in PL/pgSQL",
    edits: [["core/footprint/Routine", "for (const declared of body.declared) declaredNow(recorder, declared)", ""]]
  },
  {
    name: "11a",
    without: "names inside strings",
    edits: [
      ["core/reading/Use", `if (kind === "sequence") changePart(recorder, name)`, `if (kind === "sequence") void 0`],
      ["core/reading/Use", `else if (kind === "relation") touch(recorder, name)`, ""]
    ]
  },
  {
    name: "11c",
    without: "collations, and text search configurations in strings",
    edits: [["core/reading/Use", "R.read(recorder, key)\n    R.readAll(recorder, dependencies)", ""]]
  },
  {
    name: "11b",
    without: "barriers for catalog queries",
    edits: [["core/reading/CatalogQuery", "if (!isNamed)\n    R.opaqueBarrier(", "if (!isNamed)\n    void ("]]
  },
  {
    name: "12a",
    without: "waiting for extensions",
    edits: [["core/reading/Reading", "new Set(catalog.readByAll)", "new Set<string>()"]]
  },
  {
    name: "12b",
    without: "barriers for what touches what it does not name",
    edits: [
      ["core/footprint/Statement", "R.barrier(recorder, ", "void ("],
      ["core/footprint/AnyObject", "R.barrier(recorder, ", "void ("],
      ["core/footprint/DropStatement", "R.barrier(recorder, ", "void ("],
      ["core/footprint/Definition", "R.barrier(recorder, ", "void ("],
      [
        "core/footprint/Statement",
        `opaqueBarrier("creates an event trigger`,
        `((_: string) => () => undefined)("creates an event trigger`
      ]
    ]
  },
  {
    name: "13a",
    without: "comments",
    edits: [["core/footprint/Statement", "CommentStmt: Object_.comment", "CommentStmt: noFootprint"]]
  },
  {
    name: "13b",
    without: "grants",
    edits: [["core/footprint/Statement", "GrantStmt: Object_.grant,", "GrantStmt: noFootprint,"]]
  },
  {
    name: "14",
    without: "`-- requires:`",
    edits: [["core/graph/MigrationGraph", "all.set(required, [", "void (["]]
  }
]

/** A rule of caution, and the row of HarmfulFiles.ts that shows that it is missing. */
export interface CautionMutant extends Mutant {
  readonly row?: string
}

const blind: Mutant["edits"][number] = [
  "execute/Judge",
  "if (!Arr.isNonEmptyReadonlyArray(found) || !isWatched) return",
  "if (found.length >= 0 || isWatched) return"
]

/**
 * Each is found by the generated databases of Unharmed.ts, as `npm run test:deep` shows. What is read of a statement and what the
 * server says of it afterwards guard each other: a rule of reading is taken out together with that look, and has a row that is
 * kept where only the look is taken out.
 */
export const caution: ReadonlyArray<CautionMutant> = [
  {
    name: "creation",
    row: "CREATE TABLE IF NOT EXISTS, then TRUNCATE users",
    without: "the difference between what is made and what may be there",
    edits: [
      blind,
      ["core/footprint/Table", "const isPlain = !ifNotExists && !recorder.statement.runsCode", "const isPlain = true"]
    ]
  },
  {
    name: "namesakes",
    row: "a namesake in another schema",
    without: "the difference between a name and its namesakes in other schemas",
    edits: [
      blind,
      [
        "core/risk/Candidate",
        "return Option.exists(creation, (made) =>",
        "return Option.isSome(creation) || Option.exists(creation, (made) =>"
      ]
    ]
  },
  {
    name: "children",
    row: "a new parent of it, DELETE",
    without: "the children that a new parent takes over",
    edits: [
      blind,
      [
        "core/risk/Candidate",
        "return [...own, ...childrenOf(recorder, name).flatMap((child) => aboutKnown(kind, child))]",
        "return own"
      ],
      ["core/risk/Candidate", "      ...(known?.children ?? []),\n", ""]
    ]
  },
  {
    name: "views",
    row: "a new view over it, DELETE",
    without: "the tables of a view",
    edits: [blind, ["core/risk/Candidate", "      ...(known?.base ?? []),\n", ""]]
  },
  {
    name: "foreign keys",
    row: "a foreign key from rows to a new table, ON DELETE CASCADE",
    without: "what a foreign key changes along",
    edits: [blind, ["core/risk/Candidate", "      ...followers(recorder, known)\n", ""]]
  },
  {
    name: "upserts",
    row: "an upsert",
    without: "the rows that ON CONFLICT DO UPDATE overwrites",
    edits: [blind, ["core/risk/Statement", `...(isUpsert ? onRows(recorder, "row-update", relation) : [])`, ""]]
  },
  {
    name: "types",
    row: "a type that is there already, RENAME VALUE",
    without: "the difference between a type that is made and one that may be there",
    edits: [
      blind,
      ["core/footprint/Type", "isCertain: !recorder.statement.runsCode", "isCertain: true"],
      ["core/risk/Candidate", " || !known.isCertain ?", " ?"]
    ]
  },
  {
    name: "renames",
    without: "the old name of a renamed table",
    edits: [
      blind,
      ["core/policy/Policy", `presence === "new" && !comesByRenaming(plan, migration, risk)`, `presence === "new"`]
    ]
  },
  {
    name: "empty tables",
    without: "the loss of a table that has no row",
    edits: [["core/policy/Policy", `"data-loss": { harmless: "new"`, `"data-loss": { harmless: "empty"`]]
  },
  {
    name: "rows",
    without: "the question for a row",
    edits: [
      [
        "database/Presence",
        "answer := CASE WHEN holds THEN 'rows' WHEN holds IS NULL THEN 'unknown' ELSE answer END;",
        "answer := CASE WHEN holds IS NULL THEN 'unknown' ELSE answer END;"
      ]
    ]
  },
  {
    name: "rows of children",
    without: "the question for a row of a child or partition",
    edits: [
      [
        "database/Presence",
        "UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.oid",
        "UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits AS i JOIN tree ON i.inhparent = tree.oid AND false"
      ]
    ]
  },
  {
    name: "bodies",
    row: "RENAME VALUE in a function",
    without: "the question whether the database has the body that the files tell",
    edits: [
      blind,
      ["database/DeclaredBodies", "CASE WHEN coalesce(pg_catalog.bool_and(r.is_declared), true)", "CASE WHEN true"]
    ]
  },
  {
    name: "unforeseen",
    without: "the look at what has changed that no SQL shows",
    edits: [blind]
  }
]

/** A part of the look at what no SQL shows, and the row of hiddenCode.test.ts that shows that it is missing. */
export const look: ReadonlyArray<Mutant & { readonly row: string }> = [
  {
    name: "counts",
    row: "deletes rows beside a new column",
    without: "the counts of changed rows",
    edits: [["database/Unforeseen", "return isCounted || (isExclusive", "return (isExclusive"]]
  },
  {
    name: "silence",
    row: "deletes rows that it does not count meanwhile",
    without: "the locks of tables whose rows were not counted",
    edits: [
      ["database/Unforeseen", "|| isSilent ||", "||"],
      ["database/Changes", "(pg_catalog.strpos(pg_catalog.lower(p.prosrc), 'track_counts') > 0\n      OR ", "("]
    ]
  },
  {
    name: "counting",
    row: "deletes rows that it does not count from then on, beside a new row",
    without: "the question whether rows are counted",
    edits: [["database/Unforeseen", " || (isWritten && !isCounting)", ""]]
  },
  {
    name: "own settings",
    row: "deletes rows that a function's setting keeps out of the counts, beside a new row",
    without: "the settings of functions",
    edits: [
      ["database/Changes", "\n      OR pg_catalog.strpos(pg_catalog.lower(p.proconfig::text), 'track_counts') > 0", ""]
    ]
  },
  {
    name: "labels",
    row: "renames a label",
    without: "the labels of enums",
    edits: [["database/Unforeseen", "!isToLose && !(isShown && hasAll(labels, now.before.labels.get(oid)))", "false"]]
  },
  {
    name: "columns",
    row: "renames a column beside a new one",
    without: "the names of columns",
    edits: [["database/Unforeseen", " || !hasAll(columns, names)", ""]]
  },
  {
    name: "narrow tables",
    row: "drops a column of a table that the file rewrites",
    without: "the difference between a rewritten and a narrowed table",
    edits: [["database/Unforeseen", "(isNarrower && !isToLose)", "(isNarrower && !isOfPlan)"]]
  },
  {
    name: "table names",
    row: "moves a table to another schema beside its new column",
    without: "the names of tables",
    edits: [["database/Unforeseen", "hasLostColumn || then.place !== place ||", "hasLostColumn ||"]]
  },
  {
    name: "schema names",
    row: "renames a schema",
    without: "the names of schemas",
    edits: [
      [
        "database/Unforeseen",
        "return old === undefined || old === name ? [] : [old]",
        "return old === undefined || old !== '' ? [] : [old]"
      ]
    ]
  },
  {
    name: "server's tables",
    row: "renames a column in the server's own table",
    without: "the locks of the server's own tables",
    edits: [["database/Unforeseen", ": isWritten && !mayExtend", ": false"]]
  },
  {
    name: "large objects",
    row: "removes a large object",
    without: "the counts of large objects",
    edits: [["database/Unforeseen", `? isCounted : isWritten`, `? false : isWritten`]]
  },
  {
    name: "dropped tables",
    row: "is about the whole transaction where the code of its second migration drops a table",
    without: "the tables that are gone",
    edits: [
      ["database/Unforeseen", "gone.some((oid) => before.tables.has(oid))", "gone.length < 0 && before.tables.size < 0"]
    ]
  },
  {
    name: "open cursor",
    row: "is about the whole transaction where the code of its second migration",
    without: "the cursor on what was there, from the second migration of a transaction on",
    edits: [["database/Transaction", `statement === "CLOSE ALL"\n`, `statement === ""\n`]]
  },
  {
    name: "closed cursors",
    row: "is about the whole transaction where the code of its second migration",
    without: "the end of a migration's cursors",
    edits: [["database/Transaction", "EXECUTE pg_catalog.format('CLOSE %I', cursor_name)", "NULL"]]
  },
  {
    name: "earlier rows",
    row: "tells rows that the session wrote before from those of the migration",
    without: "the counts at the beginning of a transaction",
    edits: [
      ["database/Unforeseen", "!table.isForeseen && !counts.has(table.oid)", "table.isForeseen && !table.isForeseen"]
    ]
  }
]

export const mutants: ReadonlyArray<Mutant> = [...order, ...caution, ...look, ...security]

/** Sources without one of the rules; as they are where no mutant is asked for. */
export const plugins = (name: string | undefined): ReadonlyArray<Plugin> =>
  mutants
    .filter((mutant) => mutant.name === name)
    .map(({ edits }) => ({
      name: "mutant",
      enforce: "pre",
      transform: (code, file) => {
        const module = /\/src\/([\w/]+)\.ts$/.exec(file.split(path.sep).join("/"))?.[1]
        return edits.reduce((text, [of, from, to]) => (of === module ? edited(text, of, from, to) : text), code)
      }
    }))

/** The text of a module without what a mutant takes out. */
export const edited = (text: string, module: string, from: string, to: string): string => {
  if (!text.includes(from)) throw new Error(`${module}.ts has no longer the text of its mutant: ${from}`)
  return text.replaceAll(from, to)
}
