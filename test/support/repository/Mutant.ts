/** A part of the library that is taken out of the sources, to see which test fails without it. */
export interface Mutant {
  /** The number of a rule of the graph, and a letter where it is taken out in parts; or what is taken out. */
  readonly name: string
  readonly without: string
  /** Module, by its path below `src`, its text, and what stands there instead. */
  readonly edits: ReadonlyArray<readonly [module: string, text: string, instead: string]>
}
