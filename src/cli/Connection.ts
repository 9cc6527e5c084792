/**
 * The address of a database, and what a connection that failed means for an operator. An address is printed without its
 * password.
 *
 * @internal
 */
import type { SqlError } from "@effect/sql/SqlError"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { TaggedError } from "../core/error/Explained.js"
import type { Explanation } from "../core/error/Explanation.js"
import * as Plan from "../core/graph/Plan.js"

/** @since 0.1.0 @category models */
export interface Address {
  /** Holds the password. */
  readonly url: string
  readonly host: string
  readonly port: string
  readonly database: string
  readonly user: string
  /** The option or variable that the address comes from. */
  readonly from: string
}

/** No connection was to be had. @since 0.1.0 @category errors */
export class ConnectionFailed extends TaggedError<ConnectionFailed>("effect-auto-migration/ConnectionFailed")(
  "ConnectionFailed",
  {
    host: Schema.String,
    port: Schema.String,
    database: Schema.String,
    user: Schema.String,
    /** The option or variable that the address comes from. */
    from: Schema.String,
    reason: Schema.String,
    remedy: Schema.String,
    /** What to paste into a shell. */
    command: Schema.optional(Schema.String),
    cause: Schema.optional(Schema.Defect)
  }
) {
  get explanation(): Explanation {
    const at = `${this.host}, port ${this.port}, database "${this.database}", user "${this.user}" (from ${this.from})`
    return {
      problem: `Cannot connect to ${at}: ${this.reason}`,
      remedies: [{ say: this.remedy, run: this.command }]
    }
  }
}

type Environment = Readonly<Record<string, string | undefined>>

const example = "postgres://user:password@host:5432/database"

const decoded = (part: string): string => Option.getOrElse(Option.liftThrowable(decodeURIComponent)(part), () => part)

const orElse = (text: string, other: string): string => (text === "" ? other : text)

/** Reads an address. `Left` is what is wrong with it, without its text, since that may hold a password. */
const parse = (text: string, from: string, environment: Environment): Either.Either<Address, string> => {
  if (!/^postgres(?:ql)?:\/\//i.test(text)) {
    return Either.left(
      /^[a-z][\w+.-]*:\/\//i.test(text)
        ? `${from} is the address of another kind of server. Write ${example}.`
        : `${from} has no scheme. Write ${example}.`
    )
  }
  return Either.try({
    try: () => new URL(text),
    catch: () => `${from} cannot be read as an address. Write ${example}, with %40 for an @ in the password.`
  }).pipe(
    Either.map((url) => ({
      url: text,
      host: url.searchParams.get("host") ?? orElse(decoded(url.hostname), environment["PGHOST"] ?? "localhost"),
      port: orElse(url.port, url.searchParams.get("port") ?? environment["PGPORT"] ?? "5432"),
      database: orElse(decoded(url.pathname.replace(/^\//, "")), environment["PGDATABASE"] ?? decoded(url.username)),
      user: orElse(decoded(url.username), environment["PGUSER"] ?? environment["USER"] ?? "unknown"),
      from
    }))
  )
}

/** An address from the variables that psql reads, or none where they name no database. */
const fromVariables = (environment: Environment): Option.Option<string> => {
  const { PGDATABASE, PGHOST, PGPASSWORD, PGPORT, PGUSER } = environment
  if ((PGHOST ?? PGDATABASE ?? PGUSER) === undefined) return Option.none()
  const password = PGPASSWORD === undefined ? "" : `:${encodeURIComponent(PGPASSWORD)}`
  const user = encodeURIComponent(PGUSER ?? environment["USER"] ?? "postgres")
  const isSocket = PGHOST?.startsWith("/") === true
  const host = isSocket ? "localhost" : (PGHOST ?? "localhost")
  const query = isSocket ? `?host=${encodeURIComponent(PGHOST)}` : ""
  const port = PGPORT === undefined || isSocket ? "" : `:${PGPORT}`
  return Option.some(
    `postgres://${user}${password}@${host}${port}/${encodeURIComponent(PGDATABASE ?? PGUSER ?? "")}${query}`
  )
}

/**
 * The address that a command means: its option, or `DATABASE_URL`, or the variables of `psql`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const address = (url: Option.Option<string>, environment: Environment): Either.Either<Address, string> => {
  if (Option.isSome(url)) return parse(url.value, "--url", environment)
  const variable = environment["DATABASE_URL"] ?? ""
  if (variable !== "") return parse(variable, "DATABASE_URL", environment)
  return Option.match(fromVariables(environment), {
    onNone: () =>
      Either.left(`No database is named. Give --url ${example}, or set DATABASE_URL, or PGHOST and PGDATABASE.`),
    onSome: (text) => parse(text, "the environment's PG variables", environment)
  })
}

interface Meaning {
  readonly code: RegExp
  readonly message?: RegExp
  readonly reason: string
  readonly remedy: string
  readonly command?: (address: Address) => string
}

/** A command of PostgreSQL for an address. */
const shell = (command: string, { host, port, user }: Address, name: string): string =>
  [command, "-h", host, "-p", port, "-U", user, name].map(Plan.shellWord).join(" ")

/** What a failed connection means, by its code and message. The first that fits counts. */
const explanations: ReadonlyArray<Meaning> = [
  {
    code: /^ECONNREFUSED$/,
    reason: "no server listens there",
    remedy: "Start the server, or correct host and port"
  },
  { code: /^ENOENT$/, reason: "the server's socket does not exist", remedy: "Start the server, or correct the path" },
  {
    code: /^(?:ENOTFOUND|EAI_AGAIN)$/,
    reason: "the host is not known",
    remedy: "Correct the host, or look whether this machine has a network"
  },
  {
    code: /^(?:ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/,
    reason: "the host does not answer",
    remedy: "Look for a firewall or a VPN between here and the server"
  },
  {
    code: /^3D000$/,
    reason: "the database does not exist",
    remedy: "Correct its name, or create it",
    command: (to) => shell("createdb", to, to.database)
  },
  { code: /^28P01$/, reason: "the password is wrong", remedy: "Correct the password, or set PGPASSWORD" },
  {
    code: /^28000$/,
    message: /no encryption|SSL off/i,
    reason: "the server takes encrypted connections only",
    remedy: "Add ?sslmode=require to the address"
  },
  {
    code: /^28000$/,
    message: /does not exist/i,
    reason: "the role does not exist",
    remedy: "Correct the user, or let a superuser create the role",
    command: (to) => shell("createuser", { ...to, user: "postgres" }, to.user)
  },
  {
    code: /^28000$/,
    reason: "the server refuses this user from this machine",
    remedy: "Add a line to the server's pg_hba.conf, or connect from a machine that it lists"
  },
  {
    code: /.*/,
    message: /client password must be a string|no password supplied/i,
    reason: "the server asks for a password",
    remedy: "Add it to the address, or set PGPASSWORD"
  },
  {
    code: /.*/,
    message: /does not support SSL/i,
    reason: "the server does not encrypt connections",
    remedy: "Leave sslmode out of the address, or write ?sslmode=disable"
  },
  {
    code: /^(?:DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_VERIFY_LEAF_SIGNATURE|CERT_HAS_EXPIRED)$/,
    reason: "the server's certificate is not trusted",
    remedy: "Add its authority with ?sslrootcert=PATH"
  },
  {
    code: /^53300$/,
    reason: "the server has no connection left",
    remedy: "Close some, or raise its max_connections"
  },
  { code: /^57P03$/, reason: "the server is starting up", remedy: "Try again in a moment" },
  {
    code: /^08P01$/,
    reason: "a pooler answers, and does not take this connection",
    remedy: "Look whether its configuration lists the database and the user, or give the server's own address"
  }
]

interface Told {
  readonly code: string
  readonly message: string
}

const toldBy = (error: unknown): Told => ({
  code: Predicate.hasProperty(error, "code") ? String(error.code) : "",
  message: error instanceof Error ? error.message : String(error)
})

/** The innermost cause: a client wraps the driver's error, and the driver one for each address of a host. */
const innermost = (error: unknown): unknown => {
  if (error instanceof AggregateError && error.errors.length > 0) return innermost(error.errors[0])
  return Predicate.hasProperty(error, "cause") && error.cause !== undefined ? innermost(error.cause) : error
}

/**
 * The error of an operator for a connection that failed.
 *
 * @since 0.1.0
 * @category constructors
 */
export const failure = (to: Address, error: SqlError): ConnectionFailed => {
  const { database, from, host, port, user } = to
  const { code, message } = toldBy(innermost(error))
  const known = explanations.find((each) => each.code.test(code) && (each.message?.test(message) ?? true))
  return new ConnectionFailed({
    ...{ database, from, host, port, user },
    reason: known?.reason ?? message,
    remedy: known?.remedy ?? "Correct the address, or look into the server's log",
    command: known?.command?.(to),
    cause: error
  })
}
