/**
 * What the server heard on the connections of migrations, read from its own log: messages by user, which tell processes apart
 * that have a user each, and whether two sessions were ever at work at once.
 */
import { claim } from "./Figure.js"

/** Whoever uses a database made so, has its messages logged with the session's process and name, and its user. */
export const settings: Readonly<Record<string, string>> = { log_line_prefix: "#%p %a %d %u# " }

/** Logs all messages to this database from the next session on. */
export const statements = (url: string): string =>
  `ALTER DATABASE "${new URL(url).pathname.slice(1)}" SET log_statement = 'all'`

interface Message {
  readonly session: string
  readonly user: string
  readonly text: string
}

/** Messages to that database on connections of migrations, in the order in which the server heard them. */
export const messages = (log: string, url: string): ReadonlyArray<Message> => {
  const database = new URL(url).pathname.slice(1)
  return log.split(/^#(?=\d)/m).flatMap((entry) => {
    const [, session = "", user = "", text] =
      new RegExp(`^(\\d+) effect-auto-migration ${database} (\\w+)# LOG: {2}statement: ([^]*)`).exec(entry) ?? []
    return text === undefined ? [] : [{ session, user, text: text.trim() }]
  })
}

export const countByUser = (heard: ReadonlyArray<Message>): ReadonlyMap<string, number> =>
  heard.reduce((counts, { user }) => counts.set(user, (counts.get(user) ?? 0) + 1), new Map<string, number>())

const isWork = /^(CREATE TABLE|INSERT INTO) step_/

const isEnd = /^(COMMIT|ROLLBACK)\b/

/**
 * The users that worked. From its first statement of a migration until it says how its transaction ends a session is at work;
 * the server logs a message before it obeys, so two that overlap here would have overlapped.
 */
export const workers = (heard: ReadonlyArray<Message>): ReadonlySet<string> => {
  let atWork: string | undefined
  const worked = new Set<string>()
  for (const { session, text, user } of heard) {
    if (isWork.test(text)) {
      claim("one session works at a time", atWork === undefined || atWork === session)
      atWork = session
      worked.add(user)
    } else if (isEnd.test(text) && atWork === session) atWork = undefined
  }
  return worked
}
