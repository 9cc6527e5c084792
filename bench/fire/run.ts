/**
 * `npm run bench:fire`: what the library promises when many processes, crashes and failures are involved, on an embedded
 * server. Prints each figure with its limit, and ends with an error when a limit is not kept or a claim does not hold. With
 * names, `npm run bench:fire -- kills`, it runs those alone.
 */
import * as Effect from "effect/Effect"
import * as attacks from "./attacks.js"
import * as coldStart from "./coldStart.js"
import { type Figure, isOver, line } from "./Figure.js"
import * as failing from "./failing.js"
import * as kills from "./kills.js"
import * as reader from "./reader.js"

const benches: Readonly<Record<string, Effect.Effect<ReadonlyArray<Figure>>>> = {
  coldStart: coldStart.run(coldStart.scale),
  kills: kills.run(kills.scale),
  failing: failing.run(failing.scale),
  reader: reader.run(reader.scale),
  attacks: attacks.run
}

const chosen = process.argv.slice(2)
let isKept = true
for (const [name, bench] of Object.entries(benches)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue
  console.log(`\n${name}`)
  const figures = await Effect.runPromise(bench)
  figures.forEach((figure) => {
    console.log(line(figure))
  })
  isKept = isKept && !figures.some(isOver)
}
if (!isKept) {
  console.error("\nA limit is not kept.")
  process.exitCode = 1
}
