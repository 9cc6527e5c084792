/**
 * Names that tools begin with the second of their creation: the tests create several a second, so each gets a year of its own,
 * in its name and wherever the file's text says its name.
 */
import * as fs from "node:fs"
import * as path from "node:path"
import type { Workshop } from "./Workshop.js"

/** 4 digits of a year, and the rest down to the second. */
const stamp = /(?<![0-9])[0-9]{4}([.-]?[0-9]{2}[.-]?[0-9]{2}T?[0-9]{2}[.-]?[0-9]{2}[.-]?[0-9]{2})(?![0-9])/

/** Runs what creates files in a folder, and dates them; gives their paths. */
export const created = async (
  workshop: Workshop,
  folder: string,
  create: () => Promise<unknown>
): Promise<ReadonlyArray<string>> => {
  const known = new Set(workshop.files(folder))
  await create()
  const year = String(2001 + new Set([...known].map((file) => stamp.exec(file)?.[0].slice(0, 4))).size)
  return workshop
    .files(folder)
    .filter((file) => !known.has(file))
    .map((file) => {
      const dated = redated(file, year)
      const text = workshop.read(file)
      fs.rmSync(path.join(workshop.path, file))
      workshop.write(dated, redated(text, year))
      return dated
    })
}

const redated = (text: string, year: string): string => text.replace(new RegExp(stamp, "g"), `${year}$1`)
