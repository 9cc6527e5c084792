/**
 * The wordings of errors that name a missing object, in every language of PostgreSQL (`lc_messages`).
 *
 * Source: the message catalogs of PostgreSQL 15 and 16, src/backend/po.
 *
 * @internal
 */
import { make, type Wordings } from "./Wording.js"

/** A column behind a table's name or alias, without quotation marks: `$1` is `alias.column`. @since 0.1.0 @category wordings */
export const columnOfAlias: Wordings = make(
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
)

/** A column of a table that exists. @since 0.1.0 @category wordings */
export const columnOfRelation: Wordings = make(
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
)

/** A call: the routine's name without quotes, and the types of its arguments. @since 0.1.0 @category wordings */
export const signature: Wordings = make(
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
  "агрегат $1 не існує",
  "聚合函数 $1(*) 不存在"
)

/** A function that a text names, as in `'app.f(int)'::regprocedure`: `$1` is that text. @since 0.1.0 @category wordings */
export const routineText: Wordings = make(
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
)

/** A type by its name. @since 0.1.0 @category wordings */
export const type: Wordings = make(
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
)

/** A label that an enum lacks: first the type, then the label. @since 0.1.0 @category wordings */
export const enumValue: Wordings = make(
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
)

/** A constraint by its name, and its table. @since 0.1.0 @category wordings */
export const constraint: Wordings = make(
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
  '表 "$2" 的 "$1" 约束不存在',
  "Constraint »$1« von Relation »$2« existiert nicht",
  "no existe la restricción «$1» en la relación «$2»",
  "la contrainte « $1 » de la relation « $2 » n'existe pas",
  "constraint « $1 » relasi « $2 » tidak ada",
  'il vincolo "$1" della relazione "$2" non esiste',
  'リレーション"$2"の制約"$1"は存在しません',
  'ურთიერთობის "$2" შეზღუდვა "$1" არ არსებობს',
  '"$1" 제약 조건이 "$2" 릴레이션에 없습니다.',
  'ograniczenie "$1" relacji "$2" nie istnieje',
  'restrição "$1" da relação "$2" não existe',
  'ограничение "$1" в таблице "$2" не существует',
  'villkor "$1" i relation "$2" finns inte',
  '"$1" kısıtlaması "$2" nesnesinde mevcut değil',
  'обмеження "$1" відношення "$2" не існує',
  '关系 "$2" 的 约束"$1" 不存在'
)

/** A collation; `$2` is its encoding. @since 0.1.0 @category wordings */
export const collation: Wordings = make(
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
)

/** An attribute of a composite type. @since 0.1.0 @category wordings */
export const columnOfType: Wordings = make(
  'column "$1" not found in data type $2',
  "Spalte »$1« nicht gefunden im Datentyp $2",
  "la columna «$1» no fue encontrado en el tipo $2",
  "colonne « $1 » introuvable pour le type de données $2",
  "kolom « $1 » tidak ditemukan dalam tipe data $2",
  'la colonna "$1" non è stata trovata nel tipo di dato $2',
  'データ型$2の列"$1"はありません',
  'სვეტი "$1" მონაცემის ტიპში $2 აღმოჩენილი არაა',
  '"$1" 칼럼은 $2 자료형을 찾을 수 없음',
  'nie odnaleziono kolumny "$1" w typie danych $2',
  'coluna "$1" não foi encontrada no tipo de dado $2',
  'столбец "$1" не найден в типе данных $2',
  'kolumn "$1" fanns inte i datatypen $2',
  '$2 veri tipinde "$1" sütunu bulunamadı',
  'стовпець "$1" не знайдено в типі даних $2',
  '在数据类型 $2 中未找到字段 "$1"'
)

/** A routine that DDL names without its arguments. @since 0.1.0 @category wordings */
export const routineName: Wordings = make(
  'could not find a function named "$1"',
  'could not find a procedure named "$1"',
  'could not find an aggregate named "$1"',
  "konnte keine Funktion namens »$1« finden",
  "no se pudo encontrar una función llamada «$1»",
  "n'a pas pu trouver une fonction nommée « $1 »",
  'funzione "$1" non trovata',
  '"$1"という名前の関数は見つかりませんでした',
  'ფუნქცია სახელით "$1" არ არსებობს',
  '"$1" 함수를 찾을 수 없음',
  'nie można odnaleźć funkcji o nazwie "$1"',
  'не удалось найти функцию с именем "$1"',
  'kunde inte hitta funktion med namn "$1"',
  '"$1" isimli bir fonksiyon bulunamadı',
  'не вдалося знайти функцію з іменем "$1"',
  '无法找到函数名"$1"',
  "konnte keine Prozedur namens »$1« finden",
  "no se pudo encontrar un procedimiento llamado «$1»",
  "n'a pas pu trouver une procédure nommée « $1 »",
  'procedura "$1" non trovata',
  '"$1"という名前のプロシージャは見つかりませんでした',
  'პროცედურა სახელით "$1" არ არსებობს',
  '"$1" 이름의 프로시져를 찾을 수 없음',
  'не удалось найти процедуру с именем "$1"',
  'kunde inte hitta en procedur med namn "$1"',
  '"$1" isimli bir prosedür bulunamadı',
  'не вдалося знайти процедуру з іменем "$1"',
  '找不到名为"$1"的过程',
  "konnte keine Aggregatfunktion namens »$1« finden",
  "no se pudo encontrar una función de agregación llamada «$1»",
  "n'a pas pu trouver un agrégat nommé « $1 »",
  "n'a pas pu trouver un aggrégat nommé « $1 »",
  'funzione di aggregazione "$1" non trovata',
  '"$1"という名前の集約は見つかりませんでした',
  'აგრეგატი სახელით "$1" არ არსებობს',
  '"$1" 이름의 집계 함수를 찾을 수 없음',
  'не удалось найти агрегат с именем "$1"',
  'kunde inte hitta ett aggregat med namn "$1"',
  '"$1" isimli bir aggregate bulunamadı',
  `не вдалося знайти агрегат з ім'ям "$1"`,
  '找不到名为"$1"的聚合'
)

/** A constraint without its table. @since 0.1.0 @category wordings */
export const constraintWithoutTable: Wordings = make(
  'constraint "$1" does not exist',
  "Constraint »$1« existiert nicht",
  "no existe la restricción «$1»",
  "la contrainte « $1 » n'existe pas",
  "batasan « $1 » tidak ada",
  'il vincolo "$1" non esiste',
  '制約"$1"は存在しません',
  'შეზღუდვა "$1" არ არსებობს',
  '"$1" 이름의 제약 조건이 없음',
  'ograniczenie "$1" nie istnieje',
  'restrição "$1" não existe',
  'ограничение "$1" не существует',
  'integritetsvillkor "$1" existerar inte',
  'constraint "$1" mevcut değil',
  'обмеження "$1" не існує',
  '约束 "$1" 不存在'
)

/** An extension. @since 0.1.0 @category wordings */
export const extension: Wordings = make(
  'extension "$1" does not exist',
  "Erweiterung »$1« existiert nicht",
  "no existe la extensión «$1»",
  "l'extension « $1 » n'existe pas",
  "ekstensi « $1 » tidak ada",
  `l'estensione "$1" non esiste`,
  '機能拡張"$1"は存在しません',
  "გაფართოება $1 არ არსებობს",
  '"$1" 이름의 확장 모듈이 없습니다',
  'rozszerzenie "$1" nie istnieje',
  'extensão "$1" não existe',
  'расширение "$1" не существует',
  'utökning "$1" finns inte',
  '"$1" uzantısı mevcut değil',
  'розширення "$1" не існує',
  '扩展 "$1" 不存在'
)

/** A type that DDL names. @since 0.1.0 @category wordings */
export const bareType: Wordings = make(
  "type $1 does not exist",
  "Typ $1 existiert nicht",
  "no existe el tipo $1",
  "le type $1 n'existe pas",
  "type $1 tidak ada",
  "il tipo $1 non esiste",
  "型$1は存在しません",
  "$1 자료형 없음",
  "typ $1 nie istnieje",
  "tipo $1 não existe",
  "тип $1 не существует",
  "typen $1 existerar inte",
  "$1 tipi mevcut değil",
  "类型 $1 不存在"
)
