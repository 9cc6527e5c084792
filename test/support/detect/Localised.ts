/** Recorded errors of a server that speaks many languages. */

export interface LocalisedError {
  readonly sqlState: string
  readonly statement: string
  /** As the server sent it, where it did. */
  readonly position?: string
  readonly routine?: string
  /** The message by language. */
  readonly messages: Readonly<Record<string, string>>
}

export interface LocalisedGap extends LocalisedError {
  /** What `Detector.render` must say. */
  readonly gap: string
  /** What it must say without the statement's text, if that is something else. */
  readonly byMessage?: string
}
