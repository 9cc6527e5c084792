/**
 * The server's messages in its languages, out of the catalogues that Debian's packages install (`postgres-15.mo` and
 * `plpgsql-15.mo` for each language). A catalogue is a table from English formats to those of one language.
 *
 * Source: GNU gettext manual, section "The Format of GNU MO Files".
 */
import * as fs from "node:fs"
import * as path from "node:path"
import { fileURLToPath } from "node:url"
import { serverMessages } from "../../../src/core/detect/ServerMessages.js"
import { unpackagedMessages } from "./UnpackagedMessages.js"

const folder = "/usr/share/locale"

/** The files of one major version, by language: `de`, `zh_CN`. */
export const cataloguesOf = (version: string): ReadonlyMap<string, ReadonlyArray<string>> =>
  new Map(
    fs
      .readdirSync(folder)
      .toSorted()
      .map((language): readonly [string, ReadonlyArray<string>] => [
        language,
        ["postgres", "plpgsql"]
          .map((domain) => path.join(folder, language, "LC_MESSAGES", `${domain}-${version}.mo`))
          .filter((file) => fs.existsSync(file))
      ])
      .filter(([, files]) => files.length > 0)
  )

const magic = 0x950412de

/** The formats of a catalogue by the English ones. One with a plural has a NUL between its forms. */
export const readCatalogue = (bytes: Buffer): ReadonlyMap<string, string> => {
  if (bytes.readUInt32LE(0) !== magic) throw new Error("not a message catalogue")
  const count = bytes.readUInt32LE(8)
  const at = (table: number, index: number): string => {
    const entry = bytes.readUInt32LE(table) + 8 * index
    const start = bytes.readUInt32LE(entry + 4)
    return bytes.toString("utf8", start, start + bytes.readUInt32LE(entry))
  }
  const formats = new Map(Array.from({ length: count }, (_, index) => [at(12, index), at(16, index)] as const))
  if (!/charset=utf-8/i.test(formats.get("") ?? "")) throw new Error("a catalogue in an encoding other than UTF-8")
  return formats
}

/** The catalogues of a version, by language. */
export const translationsOf = (version: string): ReadonlyMap<string, ReadonlyArray<ReadonlyMap<string, string>>> =>
  new Map(
    [...cataloguesOf(version)].map(([language, files]) => [
      language,
      files.map((file) => readCatalogue(fs.readFileSync(file)))
    ])
  )

export const translationsFile = fileURLToPath(
  new URL("../../../src/core/detect/MessageTranslations.ts", import.meta.url)
)

/** A line break inside a format, and what separates the languages on a line: no format holds these signs. */
const encoded = (format: string): string => {
  if (/[¶¦`\\]|\$\{/.test(format)) throw new Error(`a format with a sign of the file: ${format}`)
  return format.replaceAll("\n", "¶")
}

/** The text of `MessageTranslations.ts` for a version of Debian's packages. */
export const textOf = (version: string): string => {
  const translations = translationsOf(version)
  const formats = [...new Set(serverMessages.map(({ format }) => format))]
  const lines = formats.map((format) => {
    const installed = [...translations].flatMap(([language, catalogues]) =>
      catalogues.flatMap((catalogue) => {
        const found = catalogue.get(format)
        return found === undefined ? [] : [`${language} ${encoded(found)}`]
      })
    )
    const others = Object.entries(unpackagedMessages[format] ?? {}).map(
      ([language, found]) => `${language} ${encoded(found)}`
    )
    return [encoded(format), ...new Set([...installed, ...others])].join("¦")
  })
  return `/**
 * The formats of \`ServerMessages\` in the languages of PostgreSQL ${version}: ${[...translations.keys()].join(" ")}. Written by
 * \`npm run catalogues\` from the message catalogues that the server installs: do not edit. A version's or language's messages that
 * it does not install come from \`test/support/repository/UnpackagedMessages.ts\`.
 *
 * @internal
 */

/**
 * A line for each English format: the format, and behind each \`¦\` a language and its format. \`¶\` is a line break inside a format.
 *
 * @since 0.1.0
 * @category constants
 */
export const messageTranslations = \`
${lines.join("\n")}
\`
`
}
