/**
 * The benches of `npm run bench:fire`, small: what they claim holds here as well, what they measure says nothing.
 */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as coldStart from "../../../bench/fire/coldStart.js"
import type { Figure } from "../../../bench/fire/Figure.js"
import * as failing from "../../../bench/fire/failing.js"
import * as kills from "../../../bench/fire/kills.js"
import * as reader from "../../../bench/fire/reader.js"

const patience = 600_000

/** Of the figure whose name has these words in it. */
const valueOf = (figures: ReadonlyArray<Figure>, words: string): number =>
  figures.find(({ name }) => name.includes(words))?.value ?? assert.fail(`there is no figure of ${words}`)

describe("under fire", () => {
  it.live(
    "processes that start cold at once all get their answers, and each migration is applied once",
    () =>
      Effect.map(coldStart.run({ processes: 4, fibers: 4, rounds: 1, lightRounds: 0, rows: 20_000 }), (figures) => {
        assert.isAtLeast(valueOf(figures, "processes that applied something"), 1)
        const seconds = valueOf(figures, "the round in which messages are counted") / 1000
        assert.isAtMost(valueOf(figures, "messages of a waiting process, on average"), 20 + 4 * seconds)
      }),
    patience
  )

  it.live(
    "processes that are killed at random lose nothing and do nothing twice",
    () =>
      Effect.map(
        kills.run({ processes: 3, fibers: 4, rows: 20_000, every: "40 millis", kills: 4, seed: 4 }),
        (figures) => {
          assert.strictEqual(valueOf(figures, "queries answered"), 12)
          assert.isAtLeast(valueOf(figures, "before the last migration was applied"), 1)
        }
      ),
    patience
  )

  it.live(
    "a migration that always fails is tried at most once in a window, whoever asks",
    () =>
      Effect.map(failing.run({ queries: 100, warmUpPairs: 1, pairs: 1 }), (figures) =>
        assert.strictEqual(valueOf(figures, "attempts within a window"), 0)
      ),
    patience
  )

  it.live(
    "heals under a long transaction give up and pause, and a later one heals",
    () =>
      Effect.map(
        reader.run({
          readers: 3,
          deadline: Duration.seconds(10),
          lockTimeout: Duration.millis(800),
          duration: Duration.seconds(6),
          cap: Duration.seconds(10)
        }),
        (figures) => assert.strictEqual(valueOf(figures, "  attempts"), 2)
      ),
    patience
  )
})
