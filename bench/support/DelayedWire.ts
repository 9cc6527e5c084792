/**
 * A proxy before a server that passes each chunk on after a delay, in both directions: the server as a program behind a network
 * sees it.
 */
import * as net from "node:net"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"

export interface DelayedWire {
  /** The URL of a database of the server, through the proxy. */
  readonly through: (url: string) => string
}

/** Chunks stay in order, since timers of one length run in order. */
const passOn = (from: net.Socket, to: net.Socket, milliseconds: number): void => {
  from.on("data", (chunk) => setTimeout(() => to.write(chunk), milliseconds))
  from.on("end", () => setTimeout(() => to.end(), milliseconds))
  from.on("error", () => to.destroy())
}

/** Listens until the scope ends. */
export const make = (serverUrl: string, milliseconds: number): Effect.Effect<DelayedWire, never, Scope.Scope> => {
  const { hostname, port } = new URL(serverUrl)
  const open = Effect.async<net.Server>((resume) => {
    const proxy = net.createServer({ noDelay: true }, (near) => {
      const far = net.connect({ host: hostname, port: Number(port), noDelay: true })
      passOn(near, far, milliseconds)
      passOn(far, near, milliseconds)
    })
    proxy.listen(0, "127.0.0.1", () => resume(Effect.succeed(proxy)))
  })
  return Effect.map(
    Effect.acquireRelease(open, (proxy) => Effect.sync(() => proxy.close())),
    (proxy) => ({
      through: (url) => {
        const own = new URL(url)
        const address = proxy.address()
        own.host = `127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`
        return own.href
      }
    })
  )
}
