/** The formats of the server's messages, in English and in all languages of `MessageTranslations`. */
import { messageTranslations } from "../../../src/core/detect/MessageTranslations.js"

/** One message in one language. */
export interface Format {
  readonly language: string
  readonly text: string
}

export const formats: ReadonlyMap<string, ReadonlyArray<Format>> = new Map(
  messageTranslations
    .trim()
    .split("\n")
    .map((line) => line.replaceAll("¶", "\n").split("¦"))
    .map(([english = "", ...others]) => [
      english,
      [
        { language: "en", text: english },
        ...others.map((each) => ({
          language: each.slice(0, each.indexOf(" ")),
          text: each.slice(each.indexOf(" ") + 1)
        }))
      ]
    ])
)

/** The message of a format, as `printf` makes it. */
export const fill = (format: string, values: ReadonlyArray<string>): string => {
  let next = 0
  return format.replace(/%(?:(\d)\$)?[sdu]/g, (_, position: string | undefined) => {
    const index = position === undefined ? next++ : Number(position) - 1
    return values[index] ?? ""
  })
}

/** The number of arguments of a format. */
export const arity = (format: string): number => format.match(/%(?:\d\$)?[sdu]/g)?.length ?? 0
