/**
 * What is left in the sessions behind a pooler: the server's view of every connection that the pooler keeps to a database.
 */
import * as Effect from "effect/Effect"
import pg from "pg"

/**
 * One line for everything that a session of a fresh client has not: settings other than those that PgBouncer itself sets for
 * its clients, a role, temporary tables, cursors, prepared statements, listeners, locks.
 */
const leftovers = `
  SELECT 'setting ' || name || ' = ' || setting AS line FROM pg_settings
  WHERE setting IS DISTINCT FROM reset_val AND context IN ('user', 'superuser') AND name !~ '^tcp_' AND name NOT IN
    ('application_name', 'client_encoding', 'DateStyle', 'IntervalStyle', 'TimeZone', 'standard_conforming_strings')
  UNION ALL SELECT 'standard_conforming_strings' WHERE current_setting('standard_conforming_strings') <> 'on'
  UNION ALL SELECT 'time zone ' || current_setting('TimeZone') WHERE current_setting('TimeZone') <> 'UTC'
  UNION ALL SELECT 'role ' || current_user WHERE current_user <> session_user
  UNION ALL SELECT 'temporary ' || relname FROM pg_class WHERE relnamespace = pg_my_temp_schema()
  UNION ALL SELECT 'cursor ' || name FROM pg_cursors WHERE name <> ''
  UNION ALL SELECT 'statement ' || name FROM pg_prepared_statements WHERE name <> '' AND name !~ '^PGBOUNCER_'
  UNION ALL SELECT 'listener ' || channel FROM pg_listening_channels() AS channel
  UNION ALL SELECT 'lock ' || mode || ' ' || coalesce(relation::regclass::text, locktype)
    FROM pg_locks WHERE pid = pg_backend_pid() AND (locktype = 'advisory' OR relation > 16383)`

const serversOf = `SELECT count(*)::int AS n FROM pg_stat_activity
  WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()`

/** Holds all connections that the pooler has to the database at once, one client each, and asks each session. */
export const left = (directUrl: string, pooledUrl: string): Effect.Effect<ReadonlyArray<string>> =>
  Effect.promise(async () => {
    const [direct] = await connect(directUrl, 1)
    const known = await direct?.query<{ n: number }>(serversOf)
    await direct?.end()
    const clients = await connect(pooledUrl, Math.max(known?.rows[0]?.n ?? 1, 1))
    const pids = new Set<number>()
    const lines: Array<string> = []
    try {
      for (const client of clients) {
        await client.query("BEGIN")
        const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid")
        pids.add(rows[0]?.pid ?? 0)
      }
      for (const client of clients) {
        lines.push(...(await client.query<{ line: string }>(leftovers)).rows.map(({ line }) => line))
      }
      if (pids.size !== clients.length) throw new Error("two clients shared a connection to the server")
      return lines
    } finally {
      await Promise.all(clients.map((client) => client.end()))
    }
  })

const connect = (url: string, count: number): Promise<ReadonlyArray<pg.Client>> =>
  Promise.all(
    Array.from({ length: count }, async () => {
      const client = new pg.Client({ connectionString: url })
      client.on("error", () => {})
      await client.connect()
      return client
    })
  )
