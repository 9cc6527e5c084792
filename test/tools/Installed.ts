/**
 * Tools that the registry has: they write and apply their migrations by their own commands.
 */
import { created } from "./Dated.js"
import { fileOf, type Step, type Tool } from "./Tool.js"
import type { Workshop } from "./Workshop.js"

/** The template's headings stay where they are. */
const filled = (workshop: Workshop, file: string, { down, up }: Step): void => {
  const [head = "", ...rest] = workshop.read(file).trimEnd().split("\n")
  workshop.write(file, `${[head, up, ...rest, down].join("\n")}\n`)
}

const nodePgMigrate: Tool = {
  name: "node-pg-migrate",
  table: "pgmigrations",
  own: /\bpgmigrations/,
  folder: "migrations",
  create: async (workshop, step) => {
    await workshop.run("node-pg-migrate", ["create", step.name, "--migration-file-language", "sql"])
    filled(workshop, fileOf(workshop, "migrations", step.name), step)
  },
  apply: (workshop, url) => workshop.run("node-pg-migrate", ["up"], { DATABASE_URL: url })
}

const dbmate: Tool = {
  name: "dbmate",
  table: "schema_migrations",
  own: /\bschema_migrations/,
  folder: "db/migrations",
  hasOutside: true,
  create: async (workshop, step) => {
    const files = await created(workshop, "db/migrations", () => workshop.run("dbmate", ["new", step.name]))
    for (const file of files) {
      filled(workshop, file, step)
      if (step.isOutside) {
        workshop.write(file, workshop.read(file).replaceAll(/(?<=^-- migrate:(?:up|down))/gm, " transaction:false"))
      }
    }
  },
  apply: (workshop, url) =>
    workshop.run("dbmate", ["--no-dump-schema", "up"], { DATABASE_URL: `${url}?sslmode=disable` })
}

const drizzleColumns: Readonly<Record<string, string>> = {
  users: `export const users = pgTable("users", { id: integer().primaryKey(), name: text().notNull(), credit: integer().notNull() })`,
  orders: `export const orders = pgTable("orders", { id: integer().primaryKey(), userId: integer("user_id").notNull() })`,
  note: `export const orders = pgTable("orders", { id: integer().primaryKey(), userId: integer("user_id").notNull(), note: text() })`
}

const drizzle: Tool = {
  name: "Drizzle",
  table: "drizzle.__drizzle_migrations",
  own: /\bdrizzle\b/,
  folder: "drizzle",
  prepare: async (workshop) =>
    workshop.write(
      "drizzle.config.ts",
      `export default {
        dialect: "postgresql", schema: "./schema.ts", out: "./drizzle", dbCredentials: { url: process.env.DATABASE_URL ?? "" }
      }`
    ),
  create: (workshop, step) => {
    const names = step.name === "users" || step.name === "seed" ? ["users"] : ["users", step.name]
    const tables = names.map((name) => drizzleColumns[name])
    workshop.write(
      "schema.ts",
      ['import { integer, pgTable, text } from "drizzle-orm/pg-core"', ...tables, ""].join("\n")
    )
    return step.name === "seed"
      ? workshop.run("drizzle-kit", ["generate", "--custom", "--name", step.name]).then(() => {
          const file = "drizzle/0001_seed.sql"
          workshop.write(file, `${workshop.read(file)}\n${step.up.replace("\n", "--> statement-breakpoint\n")}\n`)
        })
      : workshop.run("drizzle-kit", ["generate", "--name", step.name])
  },
  apply: (workshop, url) => workshop.run("drizzle-kit", ["migrate"], { DATABASE_URL: url }),
  litter: (workshop) => workshop.write("drizzle/0099_draft.sql", "DROP TABLE users;\n"),
  hashed: (workshop) => fileOf(workshop, "drizzle", "0000_users.sql")
}

const prismaModels: Readonly<Record<string, string>> = {
  users: 'model User {\n  id Int @id\n  name String\n  credit Int\n  @@map("users")\n}',
  orders: 'model Order {\n  id Int @id\n  user_id Int\n  @@map("orders")\n}',
  note: 'model Order {\n  id Int @id\n  user_id Int\n  note String?\n  @@map("orders")\n}'
}

/**
 * Its schema engine as WebAssembly, over a driver of JavaScript: the binary one is no package. That driver lacks types of the
 * server's catalog (`"char"` and `name`), which are given to it as the types that it has.
 */
const prismaConfig = `
import { PrismaPg } from "@prisma/adapter-pg"
import pg from "pg"
import { defineConfig } from "prisma/config"
const known = new Map([[18, 1042], [19, 25], [1002, 1009], [1003, 1009]])
const { addFields } = pg.Result.prototype
pg.Result.prototype.addFields = function (fields) {
  for (const field of fields) field.dataTypeID = known.get(field.dataTypeID) ?? field.dataTypeID
  return addFields.call(this, fields)
}
export default defineConfig({
  experimental: { adapter: true },
  engine: "js",
  schema: "prisma/schema.prisma",
  adapter: async () => new PrismaPg({ connectionString: process.env.DATABASE_URL, allowExitOnIdle: true })
})
`

const runPrisma = (workshop: Workshop, url: string, args: ReadonlyArray<string>): Promise<string> =>
  workshop.run("prisma", ["migrate", ...args], {
    DATABASE_URL: url,
    // They only have to exist: otherwise they are fetched.
    PRISMA_QUERY_ENGINE_LIBRARY: process.execPath,
    PRISMA_SCHEMA_ENGINE_BINARY: process.execPath
  })

/** `migrate dev` does not survive its own engine here, so the SQL comes from `migrate diff`, as for a baseline. */
const prisma: Tool = {
  name: "Prisma Migrate",
  table: "_prisma_migrations",
  own: /\b_prisma_migrations/,
  folder: "prisma/migrations",
  prepare: async (workshop) => {
    workshop.write("prisma.config.ts", prismaConfig)
    workshop.write(
      "prisma/migrations/migration_lock.toml",
      '# Please do not edit this file manually\n# It should be added in your version-control system (e.g., Git)\nprovider = "postgresql"\n'
    )
  },
  create: async (workshop, step, { url }) => {
    const number = workshop.files("prisma/migrations").length
    const file = `prisma/migrations/2026010100000${number}_${step.name}/migration.sql`
    if (step.name === "seed") return workshop.write(file, `${step.up}\n`)
    const models = ["users", ...(step.name === "users" ? [] : [step.name])].map((name) => prismaModels[name])
    const source = 'datasource db {\n  provider = "postgresql"\n  url = env("DATABASE_URL")\n}'
    const isFirst = workshop.files("prisma").every((path) => !path.endsWith(".prisma"))
    if (!isFirst) workshop.write("prisma/before.prisma", workshop.read("prisma/schema.prisma"))
    workshop.write("prisma/schema.prisma", `${[source, ...models].join("\n")}\n`)
    workshop.write(file, "")
    const from = isFirst ? ["--from-empty"] : ["--from-schema-datamodel", "prisma/before.prisma"]
    const to = ["--to-schema-datamodel", "prisma/schema.prisma"]
    return runPrisma(workshop, url, ["diff", ...from, ...to, "--script", "--output", file])
  },
  apply: (workshop, url) => runPrisma(workshop, url, ["deploy"]),
  hashed: (workshop) => fileOf(workshop, "prisma/migrations", "_users")
}

const graphile: Tool = {
  name: "graphile-migrate",
  table: "graphile_migrate.migrations",
  own: /\bgraphile_migrate\b/,
  folder: "migrations",
  hasOutside: true,
  create: async (workshop, step, scratch) => {
    const env = {
      DATABASE_URL: scratch.url,
      SHADOW_DATABASE_URL: scratch.shadowUrl,
      ROOT_DATABASE_URL: scratch.rootUrl
    }
    if (workshop.files("migrations").length === 0) await workshop.run("graphile-migrate", ["init"], env)
    workshop.write("migrations/current.sql", `${step.isOutside ? "--! no-transaction\n" : ""}${step.up}\n`)
    await workshop.run("graphile-migrate", ["commit", "--message", step.name], env)
  },
  apply: (workshop, url) =>
    workshop.run("graphile-migrate", ["migrate"], { DATABASE_URL: url, SHADOW_DATABASE_URL: `${url}_shadow` }),
  litter: (workshop) => workshop.write("migrations/current.sql", "DROP TABLE users;\n")
}

const supabase: Tool = {
  name: "Supabase",
  table: "supabase_migrations.schema_migrations",
  own: /\bsupabase_migrations\b/,
  folder: "supabase/migrations",
  create: async (workshop, step) => {
    const files = await created(workshop, "supabase/migrations", () =>
      workshop.run("supabase", ["migration", "new", step.name])
    )
    for (const file of files) workshop.write(file, `${step.up}\n`)
  },
  apply: (workshop, url) => workshop.run("supabase", ["migration", "up", "--db-url", `${url}?sslmode=disable`])
}

/** Whose migrations are programs: the library reads files of SQL that stand for them, under the same names. */
const inSql = (workshop: Workshop, file: string, { up }: Step): void =>
  workshop.write(file.replace(/^migrations\/(.*)\.\w+$/, "sql/$1.sql"), `${up}\n`)

const knex: Tool = {
  name: "Knex",
  table: "knex_migrations",
  own: /\bknex_migrations/,
  folder: "sql",
  prepare: async (workshop) =>
    workshop.write("knexfile.cjs", 'module.exports = { client: "pg", connection: process.env.DATABASE_URL }'),
  create: async (workshop, step) => {
    const make = () => workshop.run("knex", ["migrate:make", step.name, "--knexfile", "knexfile.cjs"])
    for (const file of await created(workshop, "migrations", make)) {
      const run = (sql: string) => `(knex) => knex.raw(${JSON.stringify(sql)})`
      workshop.write(file, `exports.up = ${run(step.up)}\nexports.down = ${run(step.down)}\n`)
      inSql(workshop, file, step)
    }
  },
  apply: (workshop, url) =>
    workshop.run("knex", ["migrate:latest", "--knexfile", "knexfile.cjs"], { DATABASE_URL: url })
}

const kysely: Tool = {
  name: "Kysely",
  table: "kysely_migration",
  own: /\bkysely_migration/,
  folder: "sql",
  create: async (workshop, step) => {
    const file = `migrations/${workshop.files("migrations").length + 1}_${step.name}.mjs`
    const run = (sql: string) => `(db) => sql.raw(${JSON.stringify(sql)}).execute(db)`
    workshop.write(
      file,
      `import { sql } from "kysely"\nexport const up = ${run(step.up)}\nexport const down = ${run(step.down)}\n`
    )
    inSql(workshop, file, step)
  },
  apply: (workshop, url) => workshop.run("kysely.mjs", ["migrations", url])
}

const postgrator: Tool = {
  name: "Postgrator",
  table: "schemaversion",
  own: /\bschemaversion/,
  folder: "migrations",
  create: async (workshop, { down, name, up }) => {
    const number = `00${workshop.files("migrations").length / 2 + 1}`
    workshop.write(`migrations/${number}.do.${name}.sql`, `${up}\n`)
    workshop.write(`migrations/${number}.undo.${name}.sql`, `${down}\n`)
  },
  apply: (workshop, url) => workshop.run("postgrator.mjs", ["migrations/*", url]),
  hashed: (workshop) => fileOf(workshop, "migrations", ".do.users")
}

const umzug: Tool = {
  name: "Sequelize",
  table: '"SequelizeMeta"',
  own: /"SequelizeMeta/,
  folder: "migrations",
  create: async (workshop, step, { url }) => {
    workshop.write("migrations/down/.keep", "")
    const name = `${step.name}.sql`
    const files = await created(workshop, "migrations", () =>
      workshop.run("umzug.mjs", [url, "create", "--name", name, "--folder", "migrations", "--skip-verify"])
    )
    for (const file of files) workshop.write(file, `${file.includes("/down/") ? step.down : step.up}\n`)
  },
  apply: (workshop, url) => workshop.run("umzug.mjs", [url, "up"])
}

const dbMigrate: Tool = {
  name: "db-migrate",
  table: "migrations",
  own: /\bmigrations\b|\bmigrations_/,
  folder: "migrations/sqls",
  prepare: async (workshop) =>
    workshop.write("database.json", JSON.stringify({ dev: { ENV: "DATABASE_URL" }, "sql-file": true })),
  create: async (workshop, step, { url }) => {
    const files = await created(workshop, "migrations", () =>
      workshop.run("db-migrate", ["create", step.name], { DATABASE_URL: url })
    )
    for (const file of files.filter((name) => name.endsWith(".sql"))) {
      workshop.write(file, `${file.endsWith("-down.sql") ? step.down : step.up}\n`)
    }
  },
  apply: (workshop, url) => workshop.run("db-migrate", ["up"], { DATABASE_URL: url })
}

export const installed: ReadonlyArray<Tool> = [
  nodePgMigrate,
  dbmate,
  drizzle,
  prisma,
  graphile,
  supabase,
  knex,
  kysely,
  postgrator,
  umzug,
  dbMigrate
]
