import { SqlError } from "@effect/sql/SqlError"
import { assert, describe, it } from "@effect/vitest"
import { deepStrictEqual } from "@effect/vitest/utils"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as fc from "fast-check"
import * as Detector from "../../../src/core/detect/Detector.js"
import { type Evidence, sqlState } from "../../../src/core/detect/SqlState.js"
import * as SchemaObject from "../../../src/core/model/SchemaObject.js"
import * as Arbitrary from "../../support/arbitraries/Evidence.js"
import * as Identifier from "../../support/arbitraries/Identifier.js"
import * as ObjectArbitrary from "../../support/arbitraries/SchemaObject.js"

const { qualifiedName } = SchemaObject

interface Fields {
  readonly position?: string
  readonly internalPosition?: string
  readonly internalQuery?: string
  readonly routine?: string
  readonly where?: string
}

const errorOf = (code: string, message: string, fields: Fields = {}): SqlError =>
  new SqlError({ cause: Object.assign(new Error(message), { severity: "ERROR", code, ...fields }) })

const detected = (code: string, message: string, fields?: Fields & { readonly statement?: string }): string =>
  Option.match(Detector.detect(errorOf(code, message, fields), fields?.statement), {
    onNone: () => "nothing",
    onSome: Detector.render
  })

const missing = (object: SchemaObject.SchemaObject): Option.Option<SchemaObject.SchemaObject> => Option.some(object)

const objectOf = (gap: Option.Option<Detector.SchemaGap>): Option.Option<SchemaObject.SchemaObject> =>
  Option.flatMap(gap, (found) => (found._tag === "MissingObject" ? Option.some(found.object) : Option.none()))

const gap: fc.Arbitrary<Detector.SchemaGap> = fc.oneof(
  fc
    .tuple(ObjectArbitrary.schemaObject, fc.option(Identifier.stored, { nil: undefined }), Arbitrary.sqlState)
    .map(([object, qualifier, code]): Detector.SchemaGap => {
      return { _tag: "MissingObject", object, qualifier: Option.fromNullable(qualifier), sqlState: code }
    }),
  Arbitrary.sqlState.map((code): Detector.SchemaGap => ({ _tag: "StalePlan", sqlState: code }))
)

/** The detectors of the library, `silent`, and detectors that claim an error at random. */
const detector: fc.Arbitrary<Detector.Detector> = fc.oneof(
  fc.constantFrom(Detector.relation, Detector.column, Detector.routine, Detector.all, Detector.silent),
  fc.tuple(gap, fc.func(fc.boolean())).map(
    ([claimed, coin]): Detector.Detector =>
      (evidence) =>
        coin(evidence.message) ? Option.some(claimed) : Option.none()
  )
)

describe("laws", () => {
  it.prop(
    "firstOf is associative, and silent is its identity on both sides",
    [detector, detector, detector, Arbitrary.evidence],
    ([f, g, h, evidence]) => {
      const { firstOf, silent } = Detector
      deepStrictEqual(firstOf(f, firstOf(g, h))(evidence), firstOf(firstOf(f, g), h)(evidence))
      deepStrictEqual(firstOf(f, g, h)(evidence), firstOf(firstOf(f, g), h)(evidence))
      deepStrictEqual(firstOf(f, silent)(evidence), f(evidence))
      deepStrictEqual(firstOf(silent, f)(evidence), f(evidence))
      deepStrictEqual(firstOf()(evidence), silent(evidence))
    }
  )

  it.prop(
    "detect is total: it answers for any value and never throws",
    [Arbitrary.anything, fc.option(fc.fullUnicodeString(), { nil: undefined })],
    ([value, statement]) => assert.isTrue(Option.isOption(Detector.detect(value(), statement)))
  )

  it.prop(
    "No detector claims an error whose SQLSTATE is not in sqlStates, nor one raised by RAISE",
    [Arbitrary.evidence],
    ([evidence]) => {
      const claimed = Detector.all(evidence)
      const isRaised = Option.contains(evidence.routine, "exec_stmt_raise")
      if (isRaised || !Detector.sqlStates.has(evidence.sqlState)) deepStrictEqual(claimed, Option.none())
      if (Option.isSome(claimed)) assert.strictEqual(claimed.value.sqlState, evidence.sqlState)
    },
    { fastCheck: { numRuns: 1000 } }
  )

  it.prop("detect claims no value with another SQLSTATE", [Arbitrary.error, fc.fullUnicodeString()], ([error, sql]) => {
    const claimed = Detector.detect(error, sql)
    if (Option.isSome(claimed)) assert.isTrue(Detector.sqlStates.has(claimed.value.sqlState))
  })

  it.prop(
    "A name is taken from the statement's text only if the message agrees",
    [Identifier.spelling, Identifier.stored, fc.integer({ min: 1, max: 40 })],
    ([written, printed, position]) => {
      const claimed = Detector.detect(
        errorOf("42P01", `relation "${printed}" does not exist`, { position: String(position) }),
        `SELECT * FROM ${written.written}, "${printed}"`
      )
      const names = Option.map(objectOf(claimed), (object) =>
        object._tag === "Relation" ? [...Option.toArray(object.schema), object.name].join(".") : object._tag
      )
      deepStrictEqual(names, Option.some(printed))
    }
  )

  it.prop(
    "A gap that is written and read again is the same, and different gaps have different keys",
    [gap, gap],
    ([a, b]) => {
      const encoded = Schema.encodeSync(Detector.SchemaGap)(a)
      deepStrictEqual(JSON.parse(JSON.stringify(encoded)), encoded)
      deepStrictEqual(Schema.decodeUnknownSync(Detector.SchemaGap)(encoded), a)
      const content = (of: Detector.SchemaGap) =>
        JSON.stringify(of._tag === "MissingObject" ? [of.object, of.qualifier] : of._tag)
      assert.strictEqual(Detector.key(a) === Detector.key(b), content(a) === content(b))
    }
  )
})

describe("the statement's text", () => {
  it.prop(
    "says which dots of a message are part of a name",
    [Identifier.spelling, Identifier.spelling],
    ([schema, table]) => {
      const before = "SELECT 'é\u{1F600}' FROM "
      const error = errorOf("42P01", `relation "${schema.stored}.${table.stored}" does not exist`, {
        position: String([...before].length + 1)
      })
      deepStrictEqual(
        objectOf(Detector.detect(error, `${before}${schema.written}.${table.written}`)),
        missing(SchemaObject.relation(qualifiedName(table.stored, schema.stored)))
      )
    }
  )

  it("is read in any language, even in one without a translation of PostgreSQL", () => {
    const statement = 'SELECT u.email, app.f(1) FROM "My.Users" u'
    assert.strictEqual(
      detected("42P01", "tabula ‹My.Users› non est", { position: "31", statement }),
      'missing relation "My.Users"'
    )
    assert.strictEqual(
      detected("42703", "columna deest: u.email", { position: "8", statement }),
      "missing column u.email"
    )
    assert.strictEqual(
      detected("42883", "functio app.f(integer) deest", { position: "17", statement }),
      "missing function app.f(integer)"
    )
    assert.strictEqual(detected("42883", "functio deest", { position: "17", statement }), "nothing")
  })

  it("names schema and table of a column that is written with both", () => {
    const claimed = Detector.detect(
      errorOf("42703", "column users.email does not exist", { position: "8" }),
      "SELECT db.App.Users.EMail FROM app.users"
    )
    deepStrictEqual(
      claimed,
      Option.some({
        _tag: "MissingObject" as const,
        object: SchemaObject.column("email", qualifiedName("users", "app")),
        qualifier: Option.some("users"),
        sqlState: Option.getOrThrow(sqlState("42703"))
      })
    )
  })

  it("is searched for a name with dots if the error has no position", () => {
    const statement = `LOCK TABLE "a.b", app.users, "c.d".e`
    assert.strictEqual(detected("42P01", 'relation "a.b" does not exist', { statement }), 'missing relation "a.b"')
    assert.strictEqual(detected("42P01", 'relation "c.d.e" does not exist', { statement }), 'missing relation "c.d".e')
    assert.strictEqual(detected("42P01", 'relation "x.y.z" does not exist', { statement }), 'missing relation x."y.z"')
    assert.strictEqual(detected("42P01", 'relation "x." does not exist', { statement }), 'missing relation "x."')
  })

  it("of a function's body comes before the caller's", () => {
    const statement = "SELECT a.b()"
    assert.strictEqual(
      detected("42P01", 'relation "a.b" does not exist', {
        statement,
        internalQuery: 'SELECT a.b FROM "a.b" a',
        internalPosition: "17"
      }),
      'missing relation "a.b"'
    )
    assert.strictEqual(
      detected("42P01", 'relation "a.b" does not exist', { statement, internalQuery: 'LOCK TABLE "a.b"' }),
      'missing relation "a.b"'
    )
  })

  it("is ignored if it is too short for the position, or belongs to another statement", () => {
    for (const statement of ["", "SELECT 1", "SELECT * FROM other"]) {
      assert.strictEqual(
        detected("42P01", 'relation "users" does not exist', { position: "15", statement }),
        "missing relation users"
      )
    }
  })

  it("gives the name in a string constant that the position points at", () => {
    assert.strictEqual(
      detected("42P01", 'relation "My.Seq" does not exist', {
        position: "16",
        statement: `SELECT nextval($x$ "My.Seq" $x$)`
      }),
      'missing relation "My.Seq"'
    )
    assert.strictEqual(
      detected("42704", 'type "a[]" does not exist', { position: "8", statement: `SELECT '"a[]"'::regtype` }),
      'missing type "a[]"'
    )
    assert.strictEqual(
      detected("42704", 'type "a[]" does not exist', { position: "8", statement: "SELECT 'a[]'::regtype" }),
      "missing type a"
    )
  })

  it("gives the name behind COLLATE if the position points at COLLATE", () => {
    assert.strictEqual(
      detected("42704", 'collation "a.b" for encoding "UTF8" does not exist', {
        position: "12",
        statement: 'SELECT a.b collate /* it */ "a.b" FROM a'
      }),
      'missing collation "a.b"'
    )
  })

  it("gives the table and the columns of ON CONFLICT only if there is one such clause", () => {
    const message = "there is no unique or exclusion constraint matching the ON CONFLICT specification"
    const clause = (statement: string) => detected("42P10", message, { statement })
    assert.strictEqual(
      clause("INSERT INTO app.t (a) VALUES ('on conflict (x)') ON CONFLICT (B, \"A\") DO NOTHING"),
      'missing unique constraint of relation app.t over ("A", b)'
    )
    for (const list of ["(lower(a))", "((a))", "(t.a)", "(a", "(a, ", "(1)"]) {
      assert.strictEqual(
        clause(`INSERT INTO t VALUES (1) ON CONFLICT ${list}`),
        "missing unique constraint of relation t"
      )
    }
    for (const statement of [
      "SELECT f()",
      "INSERT INTO t VALUES (1) ON CONFLICT DO NOTHING",
      "WITH a AS (INSERT INTO t VALUES (1) ON CONFLICT (a) DO NOTHING) INSERT INTO u VALUES (1) ON CONFLICT (b) DO NOTHING",
      'SELECT "insert" into ON CONFLICT (a)'
    ]) {
      assert.strictEqual(clause(statement), "missing unique constraint", statement)
    }
  })
})

describe("a trigger's NEW and OLD", () => {
  const message = 'record "old" has no field "x"'
  const column = (where: string, statement?: string): string =>
    detected("42703", message, { where, ...(statement === undefined ? {} : { statement }) })

  it("are rows of the table whose statement has fired it, whatever statement of its own the trigger runs", () => {
    const inside = 'SQL statement "INSERT INTO log VALUES (OLD.x)"\nPL/pgSQL function f() line 1 at SQL statement'
    assert.strictEqual(column(inside, "DELETE FROM t"), "missing column t.x")
    const nested = `${inside}\nSQL statement "DELETE FROM app.u"\nPL/pgSQL function g() line 2 at SQL statement`
    assert.strictEqual(column(nested, "DELETE FROM t"), "missing column app.u.x")
    const assigned = 'PL/pgSQL assignment "OLD.x := 1"\nfonction PL/pgSQL f(), ligne 1 à affectation'
    assert.strictEqual(column(assigned, "UPDATE t SET a = 1"), "missing column t.x")
    const broken = 'PL/pgSQL assignment "OLD."a\n" := 1"\nPL/pgSQL function f() line 1 at assignment'
    assert.strictEqual(column(broken, "UPDATE t SET a = 1"), "missing column t.x")
  })

  it("are rows of a table that is not known where another function has run the statement, or there are two", () => {
    const called = 'PL/pgSQL function f() line 1 at assignment\nSQL function "g" statement 1'
    assert.strictEqual(column(called, "UPDATE t SET a = g()"), "missing column x")
    const two = "WITH d AS (DELETE FROM t RETURNING a) DELETE FROM u USING d"
    assert.strictEqual(column("PL/pgSQL function f() line 1 at assignment", two), "missing column x")
    assert.strictEqual(column("PL/pgSQL function f() line 1 at assignment"), "missing column x")
  })
})

describe("an object of which the server prints the name alone", () => {
  const read = (code: string, printed: string, statement: string, routine: string): string =>
    detected(code, printed, { statement, routine })

  it("is in the schema that the statement writes", () => {
    const dropping = "DropErrorMsgNonExistent"
    const table = read("42P01", 'table "A b" does not exist', 'DROP TABLE app."A b"', dropping)
    assert.strictEqual(table, 'missing relation app."A b"')
    assert.strictEqual(
      read("42704", 'index "i" does not exist', "DROP INDEX app.i", dropping),
      "missing relation app.i"
    )
    assert.strictEqual(read("42704", 'index "i" does not exist', "DROP INDEX i", dropping), "missing relation i")
  })

  it("is in the schema of its table, if it is an index", () => {
    const clustered = 'index "i" for table "t" does not exist'
    assert.strictEqual(read("42704", clustered, "CLUSTER app.t USING i", "cluster"), "missing relation app.i")
    assert.strictEqual(read("42704", clustered, "CLUSTER t USING i", "cluster"), "missing relation i")
    const used = "ALTER TABLE app.t ADD CONSTRAINT k UNIQUE USING INDEX i"
    const missing = read("42704", 'index "i" does not exist', used, "transformIndexConstraint")
    assert.strictEqual(missing, "missing relation app.i")
  })

  it("has the name in a string constant, where the statement asks with one", () => {
    const asked = (name: string) => `SELECT has_type_privilege('${name}', 'usage')`
    const routine = "parseTypeString"
    assert.strictEqual(read("42704", 'type "a.b" does not exist', asked('"a.b"'), routine), 'missing type "a.b"')
    assert.strictEqual(read("42704", 'type "a.b" does not exist', asked("a.b"), routine), "missing type a.b")
    assert.strictEqual(read("42704", 'type "t[]" does not exist', asked('"t[]"'), routine), 'missing type "t[]"')
    assert.strictEqual(read("42704", 'type "t[]" does not exist', asked("t[]"), routine), "missing type t")
  })
})

describe("an operator", () => {
  it("may be in a schema whose name has blanks", () => {
    const printed = 'operator does not exist: double precision Sp a ce.+ app."M o"'
    assert.strictEqual(detected("42883", printed), 'missing operator "Sp a ce".+(double precision, app."M o")')
  })

  it("of regoper and regoperator is read as SQL", () => {
    const read = (text: string, routine = "regoperatorin") =>
      detected("42883", `operator does not exist: ${text}`, { routine })
    assert.strictEqual(read("===(int,TEXT)"), "missing operator ===(integer, text)")
    assert.strictEqual(read('"Sp ace".=== (none, app."M o")'), 'missing operator "Sp ace".===(app."M o")')
    assert.strictEqual(read("app.===", "regoperin"), "missing operator app.===")
    assert.strictEqual(read("=== int"), "nothing")
  })
})

describe("an ON CONFLICT in a function", () => {
  it("is that of the statement in the error's context", () => {
    const message = "there is no unique or exclusion constraint matching the ON CONFLICT specification"
    const where =
      'SQL statement "INSERT INTO t AS x VALUES (1) ON CONFLICT (a) DO NOTHING"\nPL/pgSQL function f() line 1 at SQL statement'
    const fields = { where, routine: "infer_arbiter_indexes", statement: "SELECT f()" }
    assert.strictEqual(detected("42P10", message, fields), "missing unique constraint of relation t over (a)")
  })
})

describe("a message", () => {
  it("is read with quotation marks of any kind", () => {
    for (const quoted of [
      '"a b"',
      "«a b»",
      "« a b »",
      "»a b«",
      "„a b“",
      "„a b”",
      "“a b”",
      "”a b”",
      "「a b」",
      "『a b』",
      "《a b》",
      "‹a b›"
    ]) {
      assert.strictEqual(detected("42P01", `nescio ${quoted} quid`), 'missing relation "a b"', quoted)
      assert.strictEqual(detected("42703", `nescio ${quoted} quid`), 'missing column "a b"', quoted)
      assert.strictEqual(detected("3F000", `nescio ${quoted} quid`), 'missing schema "a b"', quoted)
    }
  })

  it("may hold a name with quotation marks", () => {
    assert.strictEqual(detected("42P01", 'relation "a"b"c" does not exist'), 'missing relation "a""b""c"')
    assert.strictEqual(detected("42P01", 'Relation »a"b« existiert nicht'), 'missing relation "a""b"')
    assert.strictEqual(detected("42703", 'column "a" of relation "b"c" does not exist'), 'missing column "b""c".a')
    assert.strictEqual(detected("42P01", "no existe la tabla «a»«b»"), "missing relation a»«b")
    assert.strictEqual(detected("42703", "Spalte u.»a« existiert nicht"), "missing column u.»a«")
    assert.strictEqual(detected("42703", "Spalte »u«.a existiert nicht"), "missing column »u«.a")
    assert.strictEqual(detected("42703", "Spalte u»a.b« existiert nicht"), "missing column u»a.b«")
    const body = 'missing column "body.tsv"'
    assert.strictEqual(detected("42703", "la colonne tsvector « body.tsv » n'existe pas"), body)
    assert.strictEqual(detected("42703", 'столбец, новый "body.tsv" не существует'), body)
    assert.strictEqual(detected("42703", "la colonne numéro 7 de la relation « a.b » n'existe pas"), "nothing")
  })

  it("with two names in an unknown wording, or with none, is not claimed", () => {
    for (const code of ["42P01", "42703", "3F000"]) {
      assert.strictEqual(detected(code, 'nescio "a" de "b" quid'), "nothing")
      assert.strictEqual(detected(code, "nescio quid"), "nothing")
      assert.strictEqual(detected(code, 'nescio "quid'), "nothing")
      assert.strictEqual(detected(code, 'nescio ""'), "nothing")
      assert.strictEqual(detected(code, ""), "nothing")
    }
  })

  it("that is longer than any name is not claimed", () => {
    assert.strictEqual(detected("42P01", `relation "${"x".repeat(20_000)}" does not exist`), "nothing")
  })

  it("gives the types of a call's arguments, without the arguments' names", () => {
    assert.strictEqual(
      detected("42883", 'function f(a => integer, b := app."x,y)(", "char") does not exist'),
      'missing function f(integer, app."x,y)(", "char")'
    )
    assert.strictEqual(
      detected("42883", "function a.b(c)(integer) does not exist"),
      'missing function a."b(c)"(integer)'
    )
    assert.strictEqual(detected("42883", "aggregate s.sum2(*) does not exist"), "missing function s.sum2(*)")
    assert.strictEqual(detected("42883", "function f) does not exist"), "nothing")
    assert.strictEqual(detected("42883", "function (integer) does not exist"), "nothing")
  })

  it("of regprocedure is read as SQL, with the server's names of the types", () => {
    assert.strictEqual(
      detected("42883", 'function "App.F( INT4, timestamptz,varchar(3) [] )" does not exist'),
      "missing function app.f(integer, timestamp with time zone, character varying[])"
    )
    assert.strictEqual(detected("42883", 'function ""App.F"" does not exist'), 'missing function "App.F"')
    for (const text of ["(int)", "f(int", "f int", "1", `f(${"int,".repeat(500)}int)`]) {
      assert.strictEqual(detected("42883", `function "${text}" does not exist`), "nothing", text)
    }
  })

  it("about an object of PostgreSQL itself is not claimed", () => {
    assert.strictEqual(detected("42P01", 'relation "pg_catalog.pg_x" does not exist'), "nothing")
    assert.strictEqual(detected("42P01", 'relation "information_schema.x" does not exist'), "nothing")
    assert.strictEqual(detected("42883", "function pg_catalog.f(integer) does not exist"), "nothing")
    assert.strictEqual(detected("42704", 'type "pg_catalog.x" does not exist'), "nothing")
  })

  it("about a label is claimed only if type and label can be names", () => {
    assert.strictEqual(
      detected("22P02", 'invalid input value for enum app."Mo""od": "a": "b"'),
      'missing value "a"": ""b" of enum app."Mo""od"'
    )
    assert.strictEqual(detected("22P02", 'invalid input value for enum a b: "x"'), "nothing")
    assert.strictEqual(detected("22P02", `invalid input value for enum mood: "${"é".repeat(32)}"`), "nothing")
  })
})

describe("false friends", () => {
  it("have the SQLSTATE of a missing object, and are not claimed", () => {
    const friends: ReadonlyArray<readonly [code: string, message: string, fields?: Fields]> = [
      ["42P01", 'missing FROM-clause entry for table "x"'],
      ["42P01", "fehlender Eintrag für Tabelle »x«", { routine: "errorMissingRTE" }],
      ["42P01", 'relation "x" is not a partition of relation "y"'],
      ["42P01", "relation with OID 16384 does not exist"],
      ["42703", 'record "newer" has no field "x"'],
      ["42703", 'could not identify column "x" in record data type'],
      ["42703", "nescio »x« quid", { routine: "unknown_attribute" }],
      ["42703", "стовпець з номером 7 відношення a.b не існує", { routine: "ATExecSetStatistics" }],
      ["42703", 'column 3 of relation "a.b" does not exist'],
      ["42703", 'column number 7 of relation "a.b" does not exist'],
      ["42703", "column nothing does not exist"],
      ["42883", "function with OID 16384 does not exist"],
      ["42883", 'could not find function "f" in file "x.so"'],
      ["42883", "could not identify an equality operator for type json"],
      ["42704", 'unrecognized configuration parameter "app.x"'],
      ["42704", "type with OID 16384 does not exist"],
      ["42704", 'type "x" is only a shell', { routine: "typenameType" }],
      ["42704", 'constraint "x" of domain "y" does not exist'],
      ["3F000", "no schema has been selected to create in"],
      ["22P02", 'invalid input syntax for type integer: "x"'],
      ["42P10", "ASC/DESC is not allowed in ON CONFLICT clause"],
      ["42P10", 'column "ON CONFLICT" is a generated column'],
      ["42P10", "ON CONFLICT", { routine: "transformDistinctClause" }],
      ["0A000", "cross-database references are not implemented"],
      ["XX000", "cached plan must not change result type"],
      ["XX000", 'relation "x" does not exist']
    ]
    for (const [code, message, fields] of friends)
      assert.strictEqual(detected(code, message, fields), "nothing", message)
  })

  it("that RAISE has made are known by the C function of RAISE", () => {
    for (const code of Detector.sqlStates) {
      const fields = { routine: "exec_stmt_raise" }
      assert.strictEqual(detected(code, 'relation "x" does not exist', fields), "nothing")
      assert.strictEqual(detected(code, "cached plan must not change result type", fields), "nothing")
    }
  })
})

describe("a stale plan", () => {
  it("is known by its message, or in other languages by the C function", () => {
    assert.strictEqual(detected("0A000", "cached plan must not change result type"), "stale plan")
    assert.strictEqual(
      detected("0A000", "gecachter Plan darf den Ergebnistyp nicht ändern", { routine: "RevalidateCachedQuery" }),
      "stale plan"
    )
    assert.strictEqual(
      Detector.key({ _tag: "StalePlan", sqlState: Option.getOrThrow(sqlState("0A000")) }),
      "stale plan"
    )
  })
})

describe("evidence", () => {
  it("by itself is enough for a detector", () => {
    const evidence: Evidence = {
      sqlState: Option.getOrThrow(sqlState("42P01")),
      message: 'relation "users" does not exist',
      position: Option.none(),
      internalPosition: Option.none(),
      internalQuery: Option.none(),
      context: Option.none(),
      about: Option.none(),
      routine: Option.none(),
      statement: Option.none()
    }
    deepStrictEqual(objectOf(Detector.relation(evidence)), missing(SchemaObject.relation(qualifiedName("users"))))
    deepStrictEqual(Detector.column(evidence), Option.none())
  })
})
