/**
 * A listener on the wire between a client and the server: what was said, counted at the protocol, so that a claim about
 * statements, round trips and connections needs no trust in the code that makes it.
 *
 * A frontend message is a type byte and a length that counts itself; only the first message of a connection has no type.
 * The server ends each round trip with ReadyForQuery. Source: PostgreSQL manual, chapter 54, Frontend/Backend Protocol.
 */
import * as net from "node:net"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

/** What was said since the tap was made, or since the last {@link WireTap.reset}. */
export interface Heard {
  readonly connections: number
  /** The texts of all statements, in order of arrival, over all connections. */
  readonly statements: ReadonlyArray<string>
  /** Answers that the server finished; a connection's start-up is not among them. */
  readonly roundTrips: number
  /** The size of each row that the server sent, in bytes and in order, over all connections. */
  readonly rows: ReadonlyArray<number>
}

export interface WireTap {
  /** Like the URL that was tapped, through the tap. */
  readonly url: string
  readonly heard: Effect.Effect<Heard>
  /** What is answered later to a message of before belongs to before. */
  readonly reset: Effect.Effect<void>
  /** Breaks all connections, now. */
  readonly cut: Effect.Effect<void>
  /** How many connections clients hold open. */
  readonly open: Effect.Effect<number>
  /**
   * From now on the server's answers to new connections are held back until the scope ends. Gives what waits until so many
   * connections have been begun.
   */
  readonly delaying: Effect.Effect<(begun: number) => Effect.Effect<void>, never, Scope.Scope>
  /**
   * From the given message on, counted from now, nothing passes any more, in either direction: `before` the server hears it,
   * or `after` the server has answered it and before the client hears that. Gives what waits until it has come to that. With
   * words, only simple queries that hold them are counted.
   */
  readonly trap: (message: number, side: Side, words?: string) => Effect.Effect<Effect.Effect<void>>
  /** Ends a trap; what was said meanwhile is lost. */
  readonly release: Effect.Effect<void>
}

/** @see WireTap.trap */
export type Side = "before" | "after"

interface Trap {
  left: number
  readonly words: string
  readonly side: Side
  readonly sprung: Deferred.Deferred<void>
  /** The connection whose answer is to be the first that is held back. */
  answering: net.Socket | undefined
  isShut: boolean
}

const asItIs = (chunk: Buffer): Buffer => chunk

/** BackendKeyData: the type, the length, and then the number of the server's process. */
const backendKey = Buffer.from([0x4b, 0, 0, 0])

/** What a pooler does to the server's greeting: it makes up a process, since it gives a client none to keep. */
export const pooled = (chunk: Buffer): Buffer => {
  const start = chunk.indexOf(backendKey)
  if (start >= 0) chunk.writeInt32BE(chunk.readInt32BE(start + 5) + 1_000_000, start + 5)
  return chunk
}

/**
 * Listens to a server in the clear (no TLS) until the scope ends. `rewrite` may put other words of the same length into a client's
 * mouth, `greet` into the server's until a session has started.
 */
export const make = (
  serverUrl: string,
  rewrite: (chunk: Buffer) => Buffer = asItIs,
  greet: (chunk: Buffer) => Buffer = asItIs
): Effect.Effect<WireTap, never, Scope.Scope> =>
  Effect.gen(function* () {
    const target = new URL(serverUrl)
    let connections = 0
    let roundTrips = 0
    let statements: Array<string> = []
    let rows: Array<number> = []
    let resets = 0
    const sockets = new Set<net.Socket>()
    let trap: Trap | undefined
    let delayed: Array<net.Socket> | undefined

    const shut = (trap: Trap) => {
      trap.isShut = true
      Effect.runSync(Deferred.succeed(trap.sprung, undefined))
    }

    const spring = (client: net.Socket, text: string) => {
      if (trap === undefined || trap.isShut || !text.includes(trap.words) || --trap.left !== 0) return
      if (trap.side === "before") shut(trap)
      else trap.answering = client
    }

    const join = (client: net.Socket) => {
      const server = net.connect(Number(target.port || 5432), target.hostname)
      const ends = [client, server]
      const close = () => ends.forEach((end) => end.destroy())
      let started = false
      /** For each message that waits for its answer, how many resets had been by then. */
      const asked: Array<number> = []
      connections++
      if (delayed !== undefined) delayed.push(server.pause())
      for (const end of ends) {
        sockets.add(end)
        end.setNoDelay(true)
        end.on("error", close)
        end.on("close", () => {
          sockets.delete(end)
          close()
        })
      }
      const fromClient = frames("untyped", (type, body) => {
        const text = statementText(type, body)
        if (text !== undefined) statements.push(text)
        if (!endsMessage.has(type)) return
        asked.push(resets)
        spring(client, text ?? "")
      })
      const fromServer = frames("typed", (type, body) => {
        const isCounted = asked[0] === resets
        if (type === "D" && isCounted) rows.push(body.length)
        if (type !== "Z") return
        if (isCounted) roundTrips++
        if (started) asked.shift()
        started = true
        if (trap?.answering === client) shut(trap)
      })
      client.on("data", (chunk) => {
        fromClient(chunk)
        if (!trap?.isShut) server.write(rewrite(chunk))
      })
      server.on("data", (chunk) => {
        const isStart = !started
        fromServer(chunk)
        if (trap?.isShut) return
        client.write(isStart ? greet(chunk) : chunk)
      })
    }

    const listener = yield* Effect.acquireRelease(
      Effect.async<net.Server>((resume) => {
        const listening = net.createServer(join).listen(0, "127.0.0.1", () => resume(Effect.succeed(listening)))
      }),
      (listening) =>
        Effect.async<void>((resume) => {
          listening.close(() => resume(Effect.void))
          sockets.forEach((socket) => socket.destroy())
        })
    )
    const address = listener.address()
    const url = new URL(serverUrl)
    url.host = `127.0.0.1:${address !== null && typeof address === "object" ? address.port : 0}`
    return {
      url: url.href,
      heard: Effect.sync(() => ({ connections, statements: [...statements], roundTrips, rows: [...rows] })),
      reset: Effect.sync(() => {
        resets++
        connections = 0
        roundTrips = 0
        statements = []
        rows = []
      }),
      cut: Effect.sync(() => sockets.forEach((socket) => socket.destroy())),
      open: Effect.sync(() => sockets.size / 2),
      delaying: Effect.map(
        Effect.acquireRelease(
          Effect.sync((): Array<net.Socket> => (delayed = [])),
          (held) =>
            Effect.sync(() => {
              delayed = undefined
              for (const socket of held) socket.resume()
            })
        ),
        (held) => (begun) =>
          Effect.asVoid(
            Effect.repeat(
              Effect.delay(
                Effect.sync(() => held.length >= begun),
                "5 millis"
              ),
              { until: (is) => is }
            )
          )
      ),
      trap: (message, side, words = "") =>
        Effect.map(Deferred.make<void>(), (sprung) => {
          trap = { left: message, words, side, sprung, answering: undefined, isShut: false }
          return Deferred.await(sprung)
        }),
      release: Effect.sync(() => {
        trap = undefined
      })
    }
  })

/** A simple query, or the end of an extended one: what the server answers with ReadyForQuery. */
const endsMessage = new Set(["Q", "S"])

/** Query and Parse carry a statement; Parse names it first. */
const statementText = (type: string, body: Buffer): string | undefined => {
  if (type === "Q") return body.toString("utf8", 0, body.indexOf(0))
  if (type !== "P") return undefined
  const start = body.indexOf(0) + 1
  return body.toString("utf8", start, body.indexOf(0, start))
}

/** Cuts a stream into messages, whatever the chunks. A client's first message is the one without a type. */
const frames = (
  first: "typed" | "untyped",
  onMessage: (type: string, body: Buffer) => void
): ((chunk: Buffer) => void) => {
  let rest = Buffer.alloc(0)
  let typeBytes = first === "typed" ? 1 : 0
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= typeBytes + 4) {
      const end = typeBytes + rest.readUInt32BE(typeBytes)
      if (rest.length < end) return
      const type = rest.toString("latin1", 0, typeBytes)
      const body = rest.subarray(typeBytes + 4, end)
      rest = rest.subarray(end)
      typeBytes = 1
      onMessage(type, body)
    }
  }
}

/** How often the migration lock has been asked for. */
export const lockTries = ({ heard }: WireTap): Effect.Effect<number> =>
  Effect.map(heard, ({ statements }) => statements.filter((text) => text.includes("pg_try_advisory_xact_lock")).length)

/** Whether a heal has asked its replica for a place in the primary's log. */
export const isReplayAsked = ({ heard }: WireTap): Effect.Effect<boolean> =>
  Effect.map(heard, ({ statements }) =>
    statements.some((text) => /replay_lsn\(\) OPERATOR\(pg_catalog\.>=\) +E'/.test(text))
  )
