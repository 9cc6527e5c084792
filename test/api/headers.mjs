/** A plugin of TypeDoc: each namespace of the index has the header of its file as its text. */
import { Comment, Converter, ReflectionKind } from "typedoc"

const headerOf = ({ text }) => {
  const [, header = ""] = /^\/\*\*\n([\s\S]*?)\*\//.exec(text) ?? []
  return header
    .replace(/^ \* ?/gm, "")
    .replace(/^@since[\s\S]*/m, "")
    .replace(/\{@link (\w+)\}/g, "`$1`")
}

export const load = ({ converter }) =>
  converter.on(Converter.EVENT_CREATE_DECLARATION, (context, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Namespace)) return
    const file = context.getSymbolFromReflection(reflection)?.declarations?.find((one) => "fileName" in one)
    if (file !== undefined) reflection.comment = new Comment([{ kind: "text", text: headerOf(file) }])
  })
