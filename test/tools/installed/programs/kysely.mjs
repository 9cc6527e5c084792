/** Kysely's own migrator over a folder: `kysely.mjs <folder> <url>` applies what is pending. */
import { promises as fs } from "node:fs"
import * as path from "node:path"
import { FileMigrationProvider, Kysely, Migrator, PostgresDialect } from "kysely"
import pg from "pg"

const [folder, connectionString] = process.argv.slice(2)
const db = new Kysely({ dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString }) }) })
const provider = new FileMigrationProvider({ fs, path, migrationFolder: path.resolve(folder) })
const { error } = await new Migrator({ db, provider }).migrateToLatest()
await db.destroy()
if (error !== undefined) throw error
