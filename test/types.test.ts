/**
 * The types of the combinators and layers, as a program meets them: what the compiler infers, which `npm run check` holds, and in
 * which words it refuses a wrong use.
 */
import { execFile } from "node:child_process"
import * as fs from "node:fs"
import * as path from "node:path"
import { HttpRouter, HttpServerResponse } from "@effect/platform"
import { SqlClient } from "@effect/sql/SqlClient"
import type { SqlError } from "@effect/sql/SqlError"
import * as PgClient from "@effect/sql-pg/PgClient"
import { afterAll, assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import type * as Layer from "effect/Layer"
import * as Stream from "effect/Stream"
import {
  AutoMigration,
  type AutoMigrationError,
  AutoMigrationLive,
  HttpAutoMigration,
  MigrationClient,
  type MigrationSource,
  ProtectedClient,
  type SharedMigrations,
  withAutoMigration,
  withAutoMigrationStream
} from "effect-auto-migration"
import { expectTypeOf } from "vitest"
import { root } from "./support/repository/Repository.js"

interface User {
  readonly id: number
}

type Users = ReadonlyArray<User>

/** Of a layer that can fail and needs something itself. */
const client: Layer.Layer<PgClient.PgClient | SqlClient, "no client", "a setting"> = Object(PgClient.layer({}))

/** No effect of this test runs: it is there for its type. */
const query: Effect.Effect<Users, SqlError, SqlClient> = Effect.flatMap(SqlClient, (sql) => sql<User>`SELECT 1 AS id`)

type Healed = Effect.Effect<
  Users,
  SqlError | AutoMigrationError.AutoMigrationError,
  SqlClient | AutoMigration.AutoMigration
>

describe("the compiler infers", () => {
  it("of a protected query its result, its error and the library's, its needs and the service", () => {
    expectTypeOf(withAutoMigration(query)).toEqualTypeOf<Healed>()
    expectTypeOf(query.pipe(withAutoMigration)).toEqualTypeOf<Healed>()
    expectTypeOf(query.pipe(withAutoMigration, withAutoMigration)).toEqualTypeOf<Healed>()
    expectTypeOf(Effect.succeed("a" as const).pipe(withAutoMigration)).toEqualTypeOf<
      Effect.Effect<"a", AutoMigrationError.AutoMigrationError, AutoMigration.AutoMigration>
    >()
  })

  it("the same inside functions with type parameters, and at the end of Effect.fn", () => {
    const generic = <A, E, R>(self: Effect.Effect<A, E, R>) => self.pipe(withAutoMigration)
    expectTypeOf(generic(query)).toEqualTypeOf<Healed>()
    const named = Effect.fn("users")(function* () {
      return yield* query
    }, withAutoMigration)
    expectTypeOf(named()).toEqualTypeOf<Healed>()
  })

  it("of a transaction and of a stream what it infers of a query", () => {
    const transaction = Effect.flatMap(SqlClient, (sql) => sql.withTransaction(query))
    expectTypeOf(transaction.pipe(withAutoMigration)).toEqualTypeOf<Healed>()
    type HealedStream = Stream.Stream<
      User,
      SqlError | AutoMigrationError.AutoMigrationError,
      SqlClient | AutoMigration.AutoMigration
    >
    const rows = Stream.fromIterableEffect(query)
    expectTypeOf(withAutoMigrationStream(rows)).toEqualTypeOf<HealedStream>()
    expectTypeOf(rows.pipe(withAutoMigrationStream)).toEqualTypeOf<HealedStream>()
  })

  it("which errors are left where a program handles one by its tag", () => {
    const handled = query.pipe(
      withAutoMigration,
      Effect.catchTag("MigrationRefused", () => Effect.succeed([]))
    )
    expectTypeOf<Effect.Effect.Error<typeof handled>>().toEqualTypeOf<
      SqlError | Exclude<AutoMigrationError.AutoMigrationError, AutoMigrationError.MigrationRefused>
    >()
  })

  it("what each layer gives, and what it is built from", () => {
    type Given = AutoMigration.AutoMigration | PgClient.PgClient | SqlClient
    type Broken = AutoMigrationError.MigrationDefinitionError
    type Source = MigrationSource.MigrationSource
    expectTypeOf(AutoMigrationLive).toEqualTypeOf<Layer.Layer<Given, Broken, Source | PgClient.PgClient>>()
    expectTypeOf(AutoMigration.layer).toEqualTypeOf<
      Layer.Layer<AutoMigration.AutoMigration, Broken, Source | MigrationClient.MigrationClient>
    >()
    expectTypeOf(AutoMigration.layerTenant(client)).toEqualTypeOf<
      Layer.Layer<Given, "no client", "a setting" | SharedMigrations.SharedMigrations>
    >()
    expectTypeOf(ProtectedClient.layerLive()).toEqualTypeOf<Layer.Layer<Given, Broken, Source | PgClient.PgClient>>()
    expectTypeOf(MigrationClient.layerFromApplication).toExtend<
      Layer.Layer<MigrationClient.MigrationClient, never, PgClient.PgClient>
    >()
  })

  it("of a program on a protected client the needs and errors that it had", () => {
    const program = Effect.provide(query, ProtectedClient.layer())
    expectTypeOf<Effect.Effect.Success<typeof program>>().toEqualTypeOf<Users>()
    expectTypeOf<Effect.Effect.Error<typeof program>>().toEqualTypeOf<SqlError>()
    expectTypeOf<Effect.Effect.Context<typeof program>>().toEqualTypeOf<
      AutoMigration.AutoMigration | PgClient.PgClient
    >()
    expectTypeOf(ProtectedClient.make).returns.toEqualTypeOf<PgClient.PgClient>()
  })

  it("of a router with the middleware its errors and needs, and the service", () => {
    const plain = HttpRouter.empty.pipe(HttpRouter.get("/users", Effect.flatMap(query, HttpServerResponse.json)))
    const healed = plain.pipe(HttpRouter.use(HttpAutoMigration.middleware()))
    type Errors<A> = A extends HttpRouter.HttpRouter<infer E, unknown> ? E : never
    type Needs<A> = A extends HttpRouter.HttpRouter<unknown, infer R> ? R : never
    expectTypeOf<Errors<typeof healed>>().toEqualTypeOf<Errors<typeof plain>>()
    expectTypeOf<Needs<typeof healed>>().toEqualTypeOf<Needs<typeof plain> | AutoMigration.AutoMigration>()
  })
})

const prelude = `
import { HttpRouter } from "@effect/platform"
import { SqlClient } from "@effect/sql"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Stream } from "effect"
import {
  AutoMigration, AutoMigrationConfig, AutoMigrationLive, HttpAutoMigration, MigrationSource, ProtectedClient,
  withAutoMigration
} from "effect-auto-migration"
const query = Effect.flatMap(SqlClient.SqlClient, (sql) => sql\`SELECT 1\`)
const Source = MigrationSource.layerDirectory("migrations")
`

/** A wrong use, and the words of the compiler that say what is wrong with it. */
const wrong: Readonly<Record<string, readonly [code: string, words: RegExp]>> = {
  "a text in the place of an effect": [
    'withAutoMigration("SELECT 1")',
    /'string' is not assignable to parameter of type 'Effect</
  ],
  "a promise": [
    "withAutoMigration(Promise.resolve(1))",
    /'Promise<number>' is missing the following properties from type 'Effect</
  ],
  "a function that gives an effect": [
    "withAutoMigration(() => query)",
    /is not assignable to parameter of type 'Effect</
  ],
  "a stream": [
    "Stream.fromEffect(query).pipe(withAutoMigration)",
    /'Stream<.*' is missing the following properties from type 'Effect</
  ],
  "a program without the layer": [
    "Effect.runPromise(query.pipe(withAutoMigration))",
    /'(?:SqlClient \| )?AutoMigration(?: \| SqlClient)?' is not assignable to type 'never'/
  ],
  "a layer without its source": [
    "export const Live: Layer.Layer<AutoMigration.AutoMigration, unknown> = AutoMigrationLive.pipe(Layer.provide(PgClient.layer({})))",
    /'MigrationSource' is not assignable to type 'never'/
  ],
  "a layer without a client": [
    "export const Live: Layer.Layer<AutoMigration.AutoMigration, unknown> = AutoMigrationLive.pipe(Layer.provide(Source))",
    /'PgClient' is not assignable to type 'never'/
  ],
  "an option that is misspelled": [
    'AutoMigrationConfig.layer({ lockTimout: "5 seconds" })',
    /'lockTimout' does not exist in type 'OptionsInput'.*'lockTimeout'/
  ],
  "a duration without its unit": [
    'AutoMigrationConfig.layer({ lockTimeout: "5" })',
    /'"5"' is not assignable to type 'DurationInput'/
  ],
  "a mode that does not exist": [
    'AutoMigrationConfig.layer({ mode: "dry-run" })',
    /'"dry-run"' is not assignable to type '"heal" \| "observe"'/
  ],
  "a way to end transactions that does not exist": [
    'ProtectedClient.layerLive({ transactions: "retry" })',
    /'"retry"' is not assignable to type '"fail" \| "restart" \| undefined'/
  ],
  "the protected client's layer without its call": [
    "ProtectedClient.layerLive.pipe(Layer.provide(Source))",
    /'pipe' does not exist on type '\(options\?: Options/
  ],
  "a middleware without its call": [
    "HttpRouter.empty.pipe(HttpRouter.use(HttpAutoMigration.middleware))",
    /has no properties in common with type 'Options'/
  ],
  "a tenant without its client": [
    "AutoMigration.layerTenant(Source)",
    /'Layer<MigrationSource, .* is not assignable to parameter of type 'Layer<PgClient \| SqlClient,/
  ]
}

const names = Object.keys(wrong)

describe("the compiler refuses, in words that name it,", () => {
  const folder = fs.mkdtempSync(path.join(root, "test", ".documents-types-"))
  const said = new Map<string, string>()

  beforeAll(async () => {
    for (const [n, name] of names.entries())
      fs.writeFileSync(path.join(folder, `wrong-${n}.ts`), `${prelude}${wrong[name]?.[0]}\n`)
    const compilerOptions = { noUnusedLocals: false }
    const config = { extends: "../../tsconfig.json", compilerOptions, include: ["./*.ts"] }
    fs.writeFileSync(path.join(folder, "tsconfig.json"), JSON.stringify(config))
    const compiler = path.join(root, "node_modules", "typescript", "bin", "tsc")
    const printed = await new Promise<string>((resolve) => {
      execFile(process.execPath, [compiler, "--project", folder], { cwd: folder }, (_, stdout) => resolve(stdout))
    })
    for (const error of printed.split(/^(?=wrong-\d+\.ts)/m)) {
      const name = names[Number(/^wrong-(\d+)/.exec(error)?.[1])] ?? "an error elsewhere"
      said.set(name, `${said.get(name) ?? ""}${error}`)
    }
  })

  afterAll(() => fs.rmSync(folder, { recursive: true, force: true }))

  for (const [name, [, words]] of Object.entries(wrong)) {
    it(name, () => assert.match(said.get(name) ?? "It compiles.", words))
  }

  it("and has no error elsewhere", () => assert.notExists(said.get("an error elsewhere")))
})
