/**
 * PgBouncer in front of any server, in transaction mode where it is not said otherwise: what is left in a session belongs to the
 * next client.
 *
 * It is no package of npm: the one that is installed is run. Like PostgreSQL it refuses to run as root.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import * as fs from "node:fs"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

export interface PgBouncer {
  /** Like the URL of the server, through the pooler; any user and any password will do. */
  readonly through: (url: string) => string
}

export interface Options {
  readonly serverUrl: string
  /** How many connections to one database. */
  readonly poolSize: number
  /** How many statements with a name it keeps for its clients, if any; known since 1.21. */
  readonly maxPreparedStatements?: number
  /** A session that a client gives back is not reset. Defaults to `transaction`. */
  readonly poolMode?: "transaction" | "session"
}

const names = (process.env["PATH"] ?? "")
  .split(path.delimiter)
  .concat("/usr/sbin", "/usr/local/sbin")
  .map((folder) => path.join(folder, "pgbouncer"))

const executable = (): string | undefined =>
  [process.env["PGBOUNCER"] ?? "", ...names].find((file) => file !== "" && fs.existsSync(file))

/** What to do where there is none. */
export const missing = (): string | undefined =>
  executable() === undefined
    ? "PgBouncer is missing. Install it (on Debian: apt-get install pgbouncer), or set PGBOUNCER to its path."
    : undefined

/** For instance `[1, 18]`. */
export const version = (): readonly [number, number] => {
  const said = spawnSync(executable() ?? "pgbouncer", ["--version"], { encoding: "utf8" }).stdout
  const [, major, minor] = /PgBouncer (\d+)\.(\d+)/.exec(said) ?? []
  return [Number(major), Number(minor)]
}

export const keepsPreparedStatements = (): boolean => {
  const [major, minor] = version()
  return major > 1 || minor >= 21
}

/** Runs until the scope ends; dies with its own words when it does not start. */
export const make = (options: Options): Effect.Effect<PgBouncer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const home = yield* Effect.acquireRelease(
      Effect.sync(() => fs.mkdtempSync(path.join(os.tmpdir(), "effect-auto-migration-pooler-"))),
      (folder) => Effect.sync(() => fs.rmSync(folder, { recursive: true, force: true }))
    )
    const port = yield* Effect.promise(freePort)
    yield* Effect.acquireRelease(
      Effect.promise(() => start(home, port, options)),
      (child) => Effect.sync(() => child.kill("SIGKILL"))
    )
    return {
      through: (url) => {
        const changed = new URL(url)
        changed.hostname = "127.0.0.1"
        changed.port = String(port)
        return changed.href
      }
    }
  })

const configuration = (port: number, options: Options): string => {
  const { maxPreparedStatements, poolMode = "transaction", poolSize, serverUrl } = options
  const server = new URL(serverUrl)
  const settings = {
    listen_addr: "127.0.0.1",
    listen_port: port,
    unix_socket_dir: "",
    auth_type: "any",
    pool_mode: poolMode,
    server_reset_query: "",
    default_pool_size: poolSize,
    max_client_conn: 500,
    ...(maxPreparedStatements === undefined ? {} : { max_prepared_statements: maxPreparedStatements })
  }
  const where = `host=${server.hostname} port=${server.port || 5432}`
  const who = `user=${decodeURIComponent(server.username)} password=${decodeURIComponent(server.password)}`
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`)
  return ["[databases]", `* = ${where} ${who}`, "[pgbouncer]", ...lines, ""].join("\n")
}

const start = (home: string, port: number, options: Options): Promise<ChildProcess> =>
  new Promise((resolve, reject) => {
    const file = path.join(home, "pgbouncer.ini")
    fs.writeFileSync(file, configuration(port, options), { mode: 0o644 })
    fs.chmodSync(home, 0o755)
    const asOther = process.getuid?.() === 0 ? ["-u", "nobody"] : []
    const child = spawn(executable() ?? "pgbouncer", [...asOther, file], { stdio: ["ignore", "pipe", "pipe"] })
    let said = ""
    for (const stream of [child.stdout, child.stderr]) {
      stream.on("data", (text: Buffer) => {
        said = (said + text.toString()).slice(-4_000)
        if (said.includes("process up")) resolve(child)
      })
    }
    child.once("error", reject)
    child.once("exit", () => reject(new Error(`PgBouncer ended at once and said:\n${said.trim()}`)))
  })

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = net.createServer()
    probe.once("error", reject)
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      const port = address !== null && typeof address === "object" ? address.port : 0
      probe.close(() => resolve(port))
    })
  })
