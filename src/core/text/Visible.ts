/**
 * Text for a terminal or a log. File names, ids and the server's messages may hold characters that move the cursor, hide
 * text or turn its direction; each of them is printed as its code.
 *
 * @internal
 */

/** Characters without a visible shape of their own: controls, formats, fillers and ends of lines. */
const hidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u

const hiddenInName = new RegExp(hidden.source, "gu")

const hiddenInText = new RegExp(`(?![\\n\\t])${hidden.source}`, "gu")

/** Whether a text has a character that a reader cannot see. @since 0.1.0 @category predicates */
export const isHidden = (text: string): boolean => hidden.test(text)

/**
 * The text with `\u{1b}` for each hidden character. Line feeds and tabs stay.
 *
 * @since 0.1.0
 * @category rendering
 */
export const visible = (text: string): string => text.replace(hiddenInText, codeOf)

/** The same for a name, which stays on its line. @since 0.1.0 @category rendering */
export const visibleName = (name: string): string => name.replace(hiddenInName, codeOf)

const codeOf = (character: string): string => `\\u{${character.codePointAt(0)?.toString(16)}}`
