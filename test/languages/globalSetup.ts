/**
 * A server of Debian's for the whole run, in a temporary folder. `npm run test:languages` installs nothing: it says what is
 * missing, and fails.
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import type { TestProject } from "vitest/node"
import * as DebianServer from "../support/server/DebianServer.js"
import * as EmbeddedServer from "../support/server/EmbeddedServer.js"

declare module "vitest" {
  interface ProvidedContext {
    readonly languages: ReadonlyArray<{ readonly name: string; readonly locale: string }>
    readonly translatedServerUrl: string
  }
}

/** Fewer mean that the messages have been left out of the installation, as some container images do. */
const fewest = 6

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const installation = Option.getOrUndefined(DebianServer.installation())
  if (installation === undefined) {
    throw new Error("Debian's PostgreSQL is missing: apt-get install postgresql locales-all")
  }
  const languages = DebianServer.languages(installation)
  const mute = languages.filter(({ locale }) => Option.isNone(locale)).map(({ name }) => name)
  if (mute.length > 0) throw new Error(`Locales are missing for ${mute.join(", ")}: apt-get install locales-all`)
  if (languages.length < fewest) {
    throw new Error(
      `The PostgreSQL in ${installation} has messages in ${languages.length} languages, and ${fewest} are needed: ` +
        "apt-get install --reinstall postgresql, without the exclusion of /usr/share/locale in /etc/dpkg"
    )
  }
  const scope = await Effect.runPromise(Scope.make())
  const server = await Effect.runPromise(Scope.extend(EmbeddedServer.make({ installation }), scope))
  project.provide("translatedServerUrl", server.url)
  project.provide(
    "languages",
    languages.map(({ locale, name }) => ({ name, locale: Option.getOrElse(locale, () => "C") }))
  )
  return () => Effect.runPromise(Scope.close(scope, Exit.void))
}
