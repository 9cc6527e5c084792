/**
 * How PostgreSQL words the errors that name a missing object, in the languages it speaks (`lc_messages`). A wording is a
 * pattern with one or two places, `$1` and `$2`; languages differ in which place comes first. Where every language puts the
 * one name between quotation marks no pattern is needed: {@link quotedIn} reads it whatever the marks are.
 *
 * **Laws**
 *
 * 1. A wording that is filled in reads back: `read(wordings, fill(w, a, b))` gives `a` and `b`, as long as neither of them
 *    repeats what stands around it.
 * 2. Reading takes time in proportion to the message, whatever it holds.
 *
 * Source: the message catalogs of PostgreSQL 15 and 16, src/backend/po.
 *
 * @since 0.1.0
 */

/**
 * A message with places in it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wording {
  readonly prefix: string
  /** What stands between the two places; empty where there is one. */
  readonly middle: string
  readonly suffix: string
  readonly places: "$1" | "$1$2" | "$2$1"
}

/**
 * Several wordings of one thing, found by the first character of the message; without a prefix they fit any.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wordings {
  readonly byFirst: ReadonlyMap<number, ReadonlyArray<Wording>>
  readonly withoutPrefix: ReadonlyArray<Wording>
}

/**
 * What stood at the places; `second` is empty where there is one place.
 *
 * @since 0.1.0
 * @category models
 */
export interface Reading {
  readonly first: string
  readonly second: string
}

/**
 * Reads a message by the first wording that fits.
 *
 * @since 0.1.0
 * @category reading
 */
export const read = ({ byFirst, withoutPrefix }: Wordings, message: string): Reading | undefined => {
  const likely = byFirst.get(message.charCodeAt(0))
  return (likely === undefined ? undefined : readAny(likely, message)) ?? readAny(withoutPrefix, message)
}

const readAny = (wordings: ReadonlyArray<Wording>, message: string): Reading | undefined => {
  for (const wording of wordings) {
    const reading = readOne(wording, message)
    if (reading !== undefined) return reading
  }
  return undefined
}

const readOne = ({ middle, places, prefix, suffix }: Wording, message: string): Reading | undefined => {
  const start = prefix.length
  const end = message.length - suffix.length
  if (end <= start || !message.endsWith(suffix) || !message.startsWith(prefix)) return undefined
  if (places === "$1") return { first: message.slice(start, end), second: "" }
  const between = message.indexOf(middle, start)
  if (between === -1 || between + middle.length > end) return undefined
  const left = message.slice(start, between)
  const right = message.slice(between + middle.length, end)
  return places === "$1$2" ? { first: left, second: right } : { first: right, second: left }
}

/**
 * The one name that a message puts between quotation marks of whatever kind, and the text around it. The last mark closes,
 * so a name may hold marks itself; when it looks as if there were two names, there is no answer.
 *
 * @since 0.1.0
 * @category reading
 */
export const quotedIn = (message: string): { readonly name: string; readonly around: string } | undefined => {
  for (let start = 0; start < message.length; start++) {
    const unit = message.charCodeAt(start)
    const closing = unit < 128 && unit !== 34 ? undefined : closingMarks.get(unit)
    if (closing === undefined) continue
    const end = lastOf(message, closing, start)
    if (end === -1) return undefined
    const inside = message.slice(start + 1, end)
    if (holdsTwo(inside, message.charAt(start), closing)) return undefined
    const name = isSpaced(inside) ? inside.slice(1, -1) : inside
    return name === "" ? undefined : { name, around: `${message.slice(0, start)} ${message.slice(end + 1)}` }
  }
  return undefined
}

/**
 * Whether the text begins with a quotation mark.
 *
 * @since 0.1.0
 * @category reading
 */
export const isQuoted = (text: string): boolean => closingMarks.has(text.charCodeAt(0))

const closingMarks: ReadonlyMap<number, string> = new Map(
  ['""', "«»", "»«»", "„“”", "“”“", "””", "「」", "『』", "《》", "‹›", "＂＂"].map((marks) => [
    marks.charCodeAt(0),
    marks.slice(1)
  ])
)

/** French and Indonesian put a space inside the marks. */
const isSpaced = (inside: string): boolean => spaces.includes(inside.charAt(0)) && spaces.includes(inside.slice(-1))

const spaces = " \u00a0\u202f"

const lastOf = (message: string, closing: string, start: number): number => {
  for (let end = message.length - 1; end > start; end--) {
    if (closing.includes(message.charAt(end))) return end
  }
  return -1
}

const holdsTwo = (inside: string, opening: string, closing: string): boolean => {
  for (let i = 0; i < inside.length; i++) {
    if (closing.includes(inside.charAt(i))) return inside.indexOf(opening, i + 1) !== -1
  }
  return false
}

const wordings = (patterns: ReadonlyArray<string>): Wordings => {
  const byFirst = new Map<number, Array<Wording>>()
  const withoutPrefix: Array<Wording> = []
  for (const wording of patterns.map(compile)) {
    const first = wording.prefix.charCodeAt(0)
    const others = byFirst.get(first)
    if (wording.prefix === "") withoutPrefix.push(wording)
    else if (others === undefined) byFirst.set(first, [wording])
    else others.push(wording)
  }
  return { byFirst, withoutPrefix }
}

const compile = (pattern: string): Wording => {
  const [prefix = "", middle = "", suffix] = pattern.split(/\$[12]/)
  if (suffix === undefined) return { prefix, middle: "", suffix: middle, places: "$1" }
  return { prefix, middle, suffix, places: pattern.indexOf("$1") < pattern.indexOf("$2") ? "$1$2" : "$2$1" }
}

/** A column after a table's name or alias: no quotation marks, so `$1` is `alias.column`. @since 0.1.0 @category wordings */
export const columnOfAlias: Wordings = wordings([
  "column $1 does not exist",
  "Spalte $1 existiert nicht",
  "no existe la columna $1",
  "la colonne $1 n'existe pas",
  "kolom $1 belum ada",
  "la colonna $1 non esiste",
  "列$1は存在しません",
  "სვეტი $1 არ არსებობს",
  "$1 칼럼 없음",
  "kolumna $1 nie istnieje",
  "coluna $1 não existe",
  "столбец $1 не существует",
  "kolumnen $1 finns inte",
  "$1 sütunu mevcut değil",
  "стовпець $1 не існує",
  "字段 $1 不存在"
])

/** A column that a statement names for a known table. @since 0.1.0 @category wordings */
export const columnOfRelation: Wordings = wordings([
  'column "$1" of relation "$2" does not exist',
  "Spalte »$1« von Relation »$2« existiert nicht",
  "no existe la columna «$1» en la relación «$2»",
  "la colonne « $1 » de la relation « $2 » n'existe pas",
  "kolom  « $1 » dari relasi « $2 » tidak ada",
  'la colonna "$1" della relazione "$2" non esiste',
  'リレーション"$2"の列"$1"は存在しません',
  'სვეტი "$1" ურთიერთობაში $2 არ არსებობს',
  '"$1" 칼럼은 "$2" 릴레이션(relation)에 없음',
  'kolumna "$1" relacji "$2" nie istnieje',
  'coluna "$1" da relação "$2" não existe',
  'столбец "$1" в таблице "$2" не существует',
  'kolumn "$1" i relation "$2" existerar inte',
  '"$1" kolonu "$2" tablosunda mevcut değil',
  `стовпець "$1" зв'язку "$2" не існує`,
  'стовпець "$1" відношення "$2" не існує',
  '关系 "$2" 的 "$1" 字段不存在'
])

/** A call: the name without quotes, then the types of its arguments. @since 0.1.0 @category wordings */
export const signature: Wordings = wordings([
  "function $1 does not exist",
  "procedure $1 does not exist",
  "aggregate $1 does not exist",
  "Funktion $1 existiert nicht",
  "no existe la función $1",
  "la fonction $1 n'existe pas",
  "fungsi $1 tidak ada",
  "la funzione $1 non esiste",
  "関数$1は存在しません",
  "ფუნქცია $1 არ არსებობს",
  "$1 이름의 함수가 없음",
  "funkcja $1 nie istnieje",
  "função $1 não existe",
  "функция $1 не существует",
  "funktionen $1 finns inte",
  "$1 fonksiyonu mevcut değildir",
  "функції $1 не існує",
  "函数 $1 不存在",
  "Prozedur $1 existiert nicht",
  "no existe el procedimiento «$1»",
  "la procédure $1 n'existe pas",
  "la procedura $1 non esiste",
  "プロシージャ $1 は存在しません",
  "პროცედურა $1 არ არსებობს",
  '"$1" 프로시져 없음',
  "процедура $1 не существует",
  'proceduren "$1" finns inte',
  '"$1" prosedürü mevcut değil',
  "процедура $1 не існує",
  "过程 $1 不存在",
  "Aggregatfunktion $1 existiert nicht",
  "no existe la función de agregación $1",
  "l'agrégat $1 n'existe pas",
  "aggregate $1 tidak ada",
  "la funzione di aggregazione $1 non esiste",
  "集約$1は存在しません",
  "აგრეგატი $1 არ არსებობს",
  "$1 집계 함수 없음",
  "agregat $1 nie istnieje",
  "agregação $1 não existe",
  "агрегатная функция $1 не существует",
  "aggregatfunktion $1 existerar inte",
  "aggregate $1 mevcut değil",
  "агрегат $1 не існує"
])

/** A function named in a text, `'app.f(int)'::regprocedure`: the text as somebody wrote it. @since 0.1.0 @category wordings */
export const routineText: Wordings = wordings([
  'function "$1" does not exist',
  "Funktion »$1« existiert nicht",
  "no existe la función «$1»",
  "la fonction « $1 » n'existe pas",
  "fungsi « $1 » tak ada",
  'la funzione "$1" non esiste',
  '関数"$1"は存在しません',
  'ფუნქცია არ არსებობს: "$1"',
  '"$1" 함수가 없습니다.',
  'funkcja "$1" nie istnieje',
  'função "$1" não existe',
  'функция "$1" не существует',
  'funktionen "$1" finns inte',
  '"$1" fonksiyonu mevcut değil',
  'функція "$1" не існує',
  '函数 "$1" 不存在'
])

/** A type by its name. @since 0.1.0 @category wordings */
export const type: Wordings = wordings([
  'type "$1" does not exist',
  "Typ »$1« existiert nicht",
  "no existe el tipo «$1»",
  "le type « $1 » n'existe pas",
  "tipe « $1 » belum ada",
  'il tipo "$1" non esiste',
  '型"$1"は存在しません',
  'ტიპი "$1" არ არსებობს',
  '"$1" 자료형 없음',
  'typ "$1" nie istnieje',
  'tipo "$1" não existe',
  'тип "$1" не существует',
  'typen "$1" existerar inte',
  '"$1" tipi mevcut değil',
  'тип "$1" не існує',
  '类型 "$1" 不存在'
])

/** A label that an enum lacks: first the type, then the label. @since 0.1.0 @category wordings */
export const enumValue: Wordings = wordings([
  'invalid input value for enum $1: "$2"',
  "ungültiger Eingabewert für Enum $1: »$2«",
  "la sintaxis de entrada no es válida para el enum $1: «$2»",
  "valeur en entrée invalide pour le enum $1 : « $2 »",
  "nilai masukan tidak valid untuk enum $1 : « $2 »",
  `la sintassi per l'enumerazione $1 non è valida: "$2"`,
  '列挙型$1の不正な入力構文: "$2"',
  'არასწორი შეყვანილი მნიშვნელობა ჩამონათვალისთვის $1: "$2"',
  '$1 열거형의 입력 값이 잘못됨: "$2"',
  'nieprawidłowa wartość wejścia dla enumeracji $1: "$2"',
  'valor de entrada é inválido para enum $1: "$2"',
  'неверное значение для перечисления $1: "$2"',
  'ogiltigt indata-värde för enum $1: "$2"',
  '$1 enum tipi için geçersiz değer: "$2"',
  'неприпустиме вхідне значення для переліку $1: "$2"',
  '对于枚举$1的输入值无效: "$2"'
])

/** A constraint by its name, and its table. @since 0.1.0 @category wordings */
export const constraint: Wordings = wordings([
  'constraint "$1" for table "$2" does not exist',
  'constraint "$1" of relation "$2" does not exist',
  "Constraint »$1« für Tabelle »$2« existiert nicht",
  "no existe la restricción «$1» para la tabla «$2»",
  "la contrainte « $1 » de la table « $2 » n'existe pas",
  "contraint « $1 » untuk tabel « $2 » tidak ada",
  'il vincolo "$1" per la tabella "$2" non esiste',
  'テーブル"$2"の制約"$1"は存在しません',
  "ცხრილის ($2) შეზღუდვა ($1) არ არსებობს",
  '"$1" 제약 조건은 "$2" 테이블에 없음',
  'ograniczenie "$1" dla tabeli "$2" nie istnieje',
  'restrição "$1" na tabela "$2" não existe',
  'ограничение "$1" для таблицы "$2" не существует',
  'integritetsvillkor "$1" för tabell "$2" existerar inte',
  '"$2" tablosu için "$1" kısıtlaması mevcut değil',
  'індексу "$1" для таблиці "$2" не існує',
  '表 "$2" 的 "$1" 约束不存在'
])

/** A collation, and an encoding that is of no interest. @since 0.1.0 @category wordings */
export const collation: Wordings = wordings([
  'collation "$1" for encoding "$2" does not exist',
  "Sortierfolge »$1« für Kodierung »$2« existiert nicht",
  "no existe el ordenamiento (collation) «$1» para la codificación «$2»",
  "le collationnement « $1 » pour l'encodage « $2 » n'existe pas",
  "'collation'  « $1 » untuk enkoding « $2 » tidak ada",
  `l'ordinamento "$1" per la codifica "$2" non esiste`,
  'エンコーディング"$2"の照合順序"$1"は存在しません',
  'კოლაცია "$1" კოდირებისთვის "$2" არ არსებობს',
  '"$1" 정렬정의(collation)가 "$2" 인코딩에서는 쓸 수 없음',
  'porównanie "$1" dla kodowania "$2" nie istnieje',
  'ordenação "$1" para codificação "$2" não existe',
  'правило сортировки "$1" для кодировки "$2" не существует',
  'jämförelse "$1" för kodning "$2" finns inte',
  '"$2" kodlaması (encoding) için "$1" karşılaştırması (collation) mevcut değil',
  'правило сортування "$1" для кодування "$2" не існує',
  '编码 "$2" 中的排序规则 "$1" 不存在'
])

/** A relation in English; in other languages {@link quotedIn} reads it. @since 0.1.0 @category wordings */
export const relation: Wordings = wordings([
  'relation "$1" does not exist',
  'table "$1" does not exist',
  'view "$1" does not exist',
  'sequence "$1" does not exist',
  'materialized view "$1" does not exist',
  'foreign table "$1" does not exist'
])

/** A column by itself in English; in other languages {@link quotedIn} reads it. @since 0.1.0 @category wordings */
export const column: Wordings = wordings([
  'column "$1" specified in USING clause does not exist in left table',
  'column "$1" specified in USING clause does not exist in right table',
  'column "$1" named in key does not exist',
  'column "$1" named in partition key does not exist',
  'column "$1" referenced in foreign key constraint does not exist',
  'column "$1" does not exist'
])

/** An attribute of a composite type, in English. @since 0.1.0 @category wordings */
export const columnOfType: Wordings = wordings(['column "$1" not found in data type $2'])

/** A routine that DDL names without its arguments, in English. @since 0.1.0 @category wordings */
export const routineName: Wordings = wordings([
  'could not find a function named "$1"',
  'could not find a procedure named "$1"',
  'could not find an aggregate named "$1"'
])

/** A schema in English; in other languages {@link quotedIn} reads it. @since 0.1.0 @category wordings */
export const schema: Wordings = wordings(['schema "$1" does not exist'])

/** A constraint without its table, in English. @since 0.1.0 @category wordings */
export const lonelyConstraint: Wordings = wordings(['constraint "$1" does not exist'])

/** An extension, in English. @since 0.1.0 @category wordings */
export const extension: Wordings = wordings(['extension "$1" does not exist'])

/** A type that DDL names, in English. @since 0.1.0 @category wordings */
export const bareType: Wordings = wordings(["type $1 does not exist"])
