/**
 * Sixteen kinds of secret, each sent through every path of the library that may print, record or tell it. The caller that
 * runs a migration itself may see values and literals; that caller is marked in the table.
 */
import { inspect } from "node:util"
import * as SqlClient from "@effect/sql/SqlClient"
import * as PgClient from "@effect/sql-pg/PgClient"
import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Metric from "effect/Metric"
import * as Redacted from "effect/Redacted"
import * as Tracer from "effect/Tracer"
import { AutoMigration, Policy, withAutoMigration } from "effect-auto-migration"
import * as App from "../../support/program/App.js"
import * as CommandLine from "../../support/program/CommandLine.js"
import type { Services } from "../../support/program/Situation.js"
import * as Database from "../../support/server/Database.js"
import * as Server from "../../support/server/Server.js"

const secret = "hunter2s3cr3t"

/** A migration that makes a table and then fails on what a test put into the database. */
interface Kind {
  readonly before?: string
  /** Statements before the one that brings the column `email`. */
  readonly migration?: string
  readonly query?: string
  readonly parameters?: ReadonlyArray<string>
  readonly client?: (url: string) => Layer.Layer<PgClient.PgClient | SqlClient.SqlClient>
  readonly url?: (url: string) => string
  readonly environment?: Readonly<Record<string, string>>
  /** Whether the caller that runs the migration may see it. */
  readonly runnerSees?: true
}

const tenMinutes = Duration.minutes(10)

const nowhere = (url: string) => {
  const other = new URL(url)
  other.port = "1"
  other.password = secret
  return other.href
}

const withSsl = (url: string) =>
  Layer.orDie(PgClient.layer({ url: Redacted.make(url), ssl: { key: secret, cert: secret, ca: secret } }))

const inRows = `CREATE TABLE kept (code text); INSERT INTO kept VALUES ('${secret}'), ('${secret}')`

const kinds: Readonly<Record<string, Kind>> = {
  "the password of a URL": { url: nowhere },
  "the password of a URL that is none": { url: () => `postgres://user:${secret}@[nowhere/x` },
  "the password of a client": {
    client: (url) => {
      const { hostname: host, pathname, username } = new URL(url)
      const database = pathname.slice(1)
      return Layer.orDie(
        PgClient.layer({
          host,
          port: 1,
          username,
          password: Redacted.make(secret),
          database,
          connectTimeout: "1 second"
        })
      )
    }
  },
  PGPASSWORD: { url: (url) => nowhere(url).replace(`:${secret}@`, "@"), environment: { PGPASSWORD: secret } },
  "a client's certificate and its key": { client: withSsl },
  "a parameter of the query": { query: "SELECT email FROM users WHERE name = $1", parameters: [secret] },
  "a literal of the query": { query: `SELECT email FROM users WHERE name = '${secret}'` },
  "a literal of the migration": { migration: `SELECT 1 / 0, '${secret}'`, runnerSees: true },
  "a literal in a body": { migration: `DO $$ BEGIN PERFORM '${secret}'::integer; END $$`, runnerSees: true },
  "a comment of the migration": { migration: `SELECT /* ${secret} */ 1 / 0`, runnerSees: true },
  "a row that the server quotes": {
    before: inRows,
    migration: "ALTER TABLE kept ALTER COLUMN code TYPE integer USING code::integer",
    runnerSees: true
  },
  "a row in the detail of an error": { before: inRows, migration: "ALTER TABLE kept ADD UNIQUE (code)" },
  "a row that a function tells": {
    before: `${inRows}; CREATE FUNCTION tell() RETURNS void LANGUAGE plpgsql AS
      'BEGIN RAISE EXCEPTION ''%'', (SELECT min(code) FROM kept) USING ERRCODE = ''22P02'', DETAIL = ''${secret}''; END'`,
    migration: "SELECT tell()",
    runnerSees: true
  },
  "a row that a deferred trigger tells at the commit": {
    before: `${inRows}; CREATE FUNCTION late() RETURNS trigger LANGUAGE plpgsql AS
      'BEGIN RAISE EXCEPTION ''%'', (SELECT min(code) FROM kept); END';
      CREATE CONSTRAINT TRIGGER late AFTER INSERT ON kept DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION late()`,
    migration: "INSERT INTO kept VALUES ('more')",
    runnerSees: true
  },
  "the data of a COPY": {
    migration: `COPY users (id) FROM PROGRAM 'echo ${secret}'`,
    runnerSees: true
  },
  "the password of a role": { migration: `CREATE ROLE nobody_at_all PASSWORD '${secret}' IN ROLE no_such_role` },
  "the password of a user mapping": {
    migration: `CREATE USER MAPPING FOR CURRENT_USER SERVER no_such_server OPTIONS (password '${secret}')`
  }
}

/** All that is said, by the path that says it. */
const listening = () => {
  const said: Array<readonly [path: string, text: string]> = []
  const say = (path: string, text: unknown) => void said.push([path, String(text)])
  const logger = Layer.mergeAll(
    Logger.replace(
      Logger.defaultLogger,
      Logger.make((entry) => say("log", `${Logger.stringLogger.log(entry)} ${Cause.pretty(entry.cause)}`))
    ),
    Logger.minimumLogLevel(LogLevel.All)
  )
  const tracer = Tracer.make({
    span: (name, parent, context, links, startTime, kind) => {
      const attributes = new Map<string, unknown>()
      const isOwn = () => name.startsWith("AutoMigration") || attributes.has("auto_migration.migrations")
      return {
        _tag: "Span",
        name,
        spanId: name,
        traceId: "",
        parent,
        context,
        status: { _tag: "Started", startTime },
        attributes,
        links,
        sampled: true,
        kind,
        attribute: (key, value) => void attributes.set(key, value),
        event: (event, _, fields) => isOwn() && say("span", `${event} ${JSON.stringify(fields)}`),
        addLinks: () => {},
        end: (_, exit) => {
          if (!isOwn()) return
          say("span", `${name} ${JSON.stringify([...attributes])}`)
          if (Exit.isFailure(exit))
            say(
              "span",
              Cause.prettyErrors(exit.cause).map((_) => `${_.message} ${_.stack}`)
            )
        }
      }
    },
    context: (run) => run()
  })
  return { said, say, layer: Layer.merge(logger, Layer.setTracer(tracer)) }
}

/** As much of an error as a program prints: the message, the chain of causes, and the library's own fields. */
const told = (exit: Exit.Exit<unknown, unknown>): string =>
  Exit.isFailure(exit) ? `${Cause.pretty(exit.cause)}\n${Cause.prettyErrors(exit.cause).map((_) => _.message)}` : ""

describe("a secret that is", () => {
  for (const [what, kind] of Object.entries(kinds)) {
    it.scopedLive(`${what} is in no error, log, span, metric, event, application name or output`, () =>
      Effect.gen(function* () {
        const { layer, said, say } = listening()
        const server = yield* Server.freshDatabase
        if (kind.before !== undefined) yield* Database.query(server, kind.before)
        const migrations = {
          "001_users": "CREATE TABLE users (id integer, name text);",
          "002_email": `${kind.migration ?? "SELECT 1"};\nALTER TABLE users ADD COLUMN email text;`
        }
        const url = kind.url?.(server) ?? server
        const environment = kind.environment ?? {}
        yield* Effect.acquireRelease(
          Effect.sync(() => Object.assign(process.env, environment)),
          () => Effect.sync(() => Object.keys(environment).forEach((name) => delete process.env[name]))
        )
        const query = Effect.flatMap(SqlClient.SqlClient, (sql) =>
          withAutoMigration(sql.unsafe(kind.query ?? "SELECT email FROM users", kind.parameters))
        )
        const client = kind.client?.(url) ?? App.client({ url })
        const program = Layer.provideMerge(
          App.library({
            migrations,
            options: { policy: Policy.always, breaker: { first: tenMinutes, cap: tenMinutes } }
          }),
          client
        )
        const noting = <A, E, R>(path: string, effect: Effect.Effect<A, E, R>) =>
          Effect.tap(effect, (answer) => Effect.sync(() => say(path, inspect(answer, { depth: null }))))
        const asked = <A, E>(path: string, effect: Effect.Effect<A, E, Services>, isRunner: boolean) =>
          Effect.exit(effect).pipe(
            Effect.tap((exit) => (isRunner && kind.runnerSees ? Effect.void : say(path, told(exit))))
          )
        yield* Effect.gen(function* () {
          yield* asked("the query that heals", query, true)
          yield* asked("a query in the window", query, false)
          yield* asked("migrate", AutoMigration.migrate, true)
          yield* asked("plan", Effect.asVoid(AutoMigration.plan), false)
          yield* asked("status", Effect.asVoid(AutoMigration.status), false)
          yield* asked("verify", Effect.asVoid(AutoMigration.verify), false)
          yield* asked("drift", noting("drift", AutoMigration.drift), false)
          yield* asked("health", noting("health", AutoMigration.health), false)
          const names = yield* Database.query(
            server,
            "SELECT string_agg(application_name, ' ') AS names FROM pg_stat_activity"
          )
          say("application names", JSON.stringify(names))
        }).pipe(
          Effect.provide(program),
          Effect.sandbox,
          Effect.catchAll((cause) => Effect.sync(() => say("the program's start", Cause.pretty(cause)))),
          Effect.provide(layer)
        )
        const folder = yield* CommandLine.folderOf(migrations)
        for (const command of ["plan", "status", "verify", "migrate"]) {
          const { printed } = yield* Effect.provide(
            CommandLine.type([command, "--folder", folder, "--url", url], environment),
            layer
          )
          if (command !== "migrate" || !kind.runnerSees) say(`command ${command}`, printed)
        }
        say("metrics", JSON.stringify(yield* Metric.snapshot))
        const ledger = yield* Database.query(server, "SELECT to_regclass('auto_migration.event')::text AS log")
        if (ledger[0]?.["log"] !== null) {
          say("ledger", JSON.stringify(yield* Database.query(server, "SELECT * FROM auto_migration.event")))
        }
        for (const [path, text] of said) assert.notInclude(text, secret, path)
        assert.isAbove(said.length, 5)
      })
    )
  }
})
