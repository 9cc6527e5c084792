/**
 * Elements from a tag, attributes and children. A text becomes a text node, so no text is ever read as markup.
 *
 * @internal
 */

type Attributes = Readonly<Record<string, string | number | boolean | undefined>>

type Child = Node | string

const fill = <E extends Element>(element: E, attributes: Attributes, children: ReadonlyArray<Child>): E => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : String(value))
  }
  element.append(...children)
  return element
}

/** An element of HTML. @since 0.1.0 @category constructors */
export const html = <K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Child>
): HTMLElementTagNameMap[K] => fill(document.createElement(tag), attributes, children)

/** An element of SVG. @since 0.1.0 @category constructors */
export const svg = <K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: ReadonlyArray<Child>
): SVGElementTagNameMap[K] => fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children)

/** A button that does something. @since 0.1.0 @category constructors */
export const button = (
  attributes: Attributes,
  act: () => void,
  ...children: ReadonlyArray<Child>
): HTMLButtonElement => {
  const made = html("button", { type: "button", ...attributes }, ...children)
  made.addEventListener("click", act)
  return made
}
