/** Postgrator over a folder: `postgrator.mjs <pattern> <url>` applies what is pending. */
import pg from "pg"
import Postgrator from "postgrator"

const [migrationPattern, connectionString] = process.argv.slice(2)
const client = new pg.Client({ connectionString })
await client.connect()
try {
  const database = new URL(connectionString).pathname.slice(1)
  const execQuery = (query) => client.query(query)
  await new Postgrator({ migrationPattern, driver: "pg", database, execQuery }).migrate()
} finally {
  await client.end()
}
