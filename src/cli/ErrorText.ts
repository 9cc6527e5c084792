/**
 * Errors of the server in text: as psql and drivers print them, and as the server's log has them.
 *
 * @internal
 */
import * as Option from "effect/Option"
import { detect, evidenceFrom, type SchemaGap, sqlStates } from "../core/detect/Detector.js"
import { readingsOf } from "../core/detect/MessageReading.js"

/** An error as text tells it. @since 0.1.0 @category models */
export interface ErrorText {
  readonly message: string
  /** As a log with `%e` and psql's `VERBOSITY verbose` print it. */
  readonly sqlState: Option.Option<string>
  /** 1-based, in characters, into the statement. */
  readonly position: Option.Option<number>
  readonly statement: Option.Option<string>
}

/** The word for an error in the languages of PostgreSQL, after which its message begins. */
const heading =
  /(?:^|\s|\])(?:ERROR|FATAL|FEHLER|ERREUR|ERRORE|ERRO|OSHIBKA|ОШИБКА|ПОМИЛКА|BŁĄD|FEL|HATA|CHYBA|エラー|오류|错误|錯誤|შეცდომა|ΣΦΆΛΜΑ)\s*[:：]\s*(?:(?<code>[0-9A-Z]{5})\s*[:：]\s*)?(?<rest>.+)$/u

const ofStatement =
  /(?:^|\s|\])(?:STATEMENT|ANWEISUNG|INSTRUCTION|ISTRUZIONE|COMANDO|ОПЕРАТОР|文)\s*[:：]\s*(?<text>.+)$/u

const atCharacter =
  /^(?<message>.*?)\s+(?:at character|bei Zeichen|au caractère|en carácter|no caracter|(?:символ|character))\s+(?<position>\d+)$/u

/** A line that goes on with the text of the line before: in a log it begins with a tab. */
const isContinued = (line: string): boolean => /^\t/.test(line)

const errorFrom = (rest: string, code: string | undefined): ErrorText => {
  const found = atCharacter.exec(rest)?.groups
  return {
    message: found?.["message"] ?? rest,
    sqlState: Option.fromNullable(code),
    position: Option.map(Option.fromNullable(found?.["position"]), Number),
    statement: Option.none()
  }
}

/**
 * The errors of a text, in its order, each once. A text without the word `ERROR:` is one message.
 *
 * @since 0.1.0
 * @category parsing
 */
export const errorsIn = (text: string): ReadonlyArray<ErrorText> => {
  const found: Array<ErrorText> = []
  let inStatement = false
  for (const line of text.split(/\r?\n/)) {
    const last = found.at(-1)
    const error = heading.exec(line)?.groups
    const statement = ofStatement.exec(line)?.groups?.["text"]
    if (error !== undefined) found.push(errorFrom((error["rest"] ?? "").trim(), error["code"]))
    else if (last !== undefined && statement !== undefined)
      found.splice(-1, 1, { ...last, statement: Option.some(statement) })
    else if (last !== undefined && inStatement && isContinued(line)) {
      found.splice(-1, 1, { ...last, statement: Option.map(last.statement, (begun) => `${begun}\n${line.slice(1)}`) })
    }
    inStatement = statement !== undefined || (inStatement && isContinued(line))
  }
  const whole = text.trim()
  return found.length === 0 && whole !== "" ? [errorFrom(whole, undefined)] : distinct(found)
}

const distinct = (errors: ReadonlyArray<ErrorText>): ReadonlyArray<ErrorText> => [
  ...new Map(
    errors.map((error) => [`${error.message} ${Option.getOrElse(error.statement, () => "")}`, error] as const)
  ).values()
]

/** The error of a driver with these facts. */
const driverError = ({ message, position }: ErrorText, code: string) =>
  Object.assign(new Error(message), {
    severity: "ERROR",
    code,
    ...Option.match(position, { onNone: () => ({}), onSome: (at) => ({ position: String(at) }) })
  })

/** How much of the message is the constant part of one of the server's messages with this SQLSTATE; 0 for none. */
const weightOf = (error: ErrorText, code: string): number =>
  Option.match(evidenceFrom(driverError(error, code)), {
    onNone: () => 0,
    onSome: (evidence) => Math.max(0, ...readingsOf(evidence).map(({ weight }) => weight))
  })

/** The SQLSTATE whose messages fit best. */
const likelyState = (error: ErrorText): Option.Option<string> => {
  const weighed = [...sqlStates].map((code) => ({ code, weight: weightOf(error, code) }))
  const best = weighed.reduce((most, each) => (each.weight > most.weight ? each : most), { code: "", weight: 0 })
  return Option.liftPredicate((code: string) => code !== "")(best.code)
}

/**
 * The gap that an error shows. Where the text has no SQLSTATE, the server's own messages tell it.
 *
 * @since 0.1.0
 * @category detection
 */
export const gapOf = (error: ErrorText): Option.Option<SchemaGap> =>
  Option.flatMap(
    Option.orElse(error.sqlState, () => likelyState(error)),
    (code) => detect(driverError(error, code), Option.getOrUndefined(error.statement))
  )
