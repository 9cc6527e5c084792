/**
 * Errors for want of one object, as PostgreSQL 15 words it in each of its languages (`lc_messages`): recorded from a server with
 * a table `known`, an enum `app."Mo od"`, a shell type and a trigger that sets a column that its table lacks.
 */
import type { LocalisedGap } from "./Localised.js"

export const gaps: ReadonlyArray<LocalisedGap> = [
  {
    sqlState: "42P01",
    statement: 'DROP TABLE "No such"',
    gap: 'missing relation "No such"',
    messages: {
      en: 'table "No such" does not exist',
      de: "Tabelle »No such« existiert nicht",
      es: "no existe la tabla «No such»",
      fr: "la table « No such » n'existe pas",
      it: 'la tabella "No such" non esiste',
      ja: 'テーブル"No such"は存在しません',
      ka: "ცხრილი არ არსებობს: No such",
      ko: '"No such" 테이블 없음',
      ru: 'таблица "No such" не существует',
      sv: 'tabell "No such" finns inte',
      uk: 'таблиця "No such" не існує',
      zh: '表 "No such" 不存在'
    }
  },
  {
    sqlState: "42703",
    statement: 'CREATE TABLE t (id integer, PRIMARY KEY ("No such"))',
    gap: 'missing column "No such"',
    messages: {
      en: 'column "No such" named in key does not exist',
      de: "Spalte »No such«, die im Schlüssel verwendet wird, existiert nicht",
      es: "no existe la columna «No such» en la llave",
      fr: "la colonne « No such » nommée dans la clé n'existe pas",
      it: 'la colonna "No such" nominata nella chiave non esiste',
      ja: 'キーとして指名された列"No such"は存在しません',
      ka: "გასაღებში დასახელებული სვეტი არ არსებობს: No such",
      ko: '키에서 지정한 "No such" 칼럼이 없습니다',
      ru: 'указанный в ключе столбец "No such" не существует',
      sv: 'kolumn "No such" angiven i en nyckel existerar inte',
      uk: 'вказаний у ключі стовпець "No such" не існує',
      zh: '在键字中命名的字段 "No such" 不存在'
    }
  },
  {
    sqlState: "42P01",
    statement: 'SELECT * FROM app."No such"',
    position: "15",
    gap: 'missing relation app."No such"',
    messages: {
      en: 'relation "app.No such" does not exist',
      de: "Relation »app.No such« existiert nicht",
      es: "no existe la relación «app.No such»",
      fr: "la relation « app.No such » n'existe pas",
      it: 'la relazione "app.No such" non esiste',
      ja: 'リレーション"app.No such"は存在しません',
      ka: 'ურთიერთობა "app.No such" არ არსებობს',
      ko: '"app.No such" 이름의 릴레이션(relation)이 없습니다',
      ru: 'отношение "app.No such" не существует',
      sv: 'relationen "app.No such" existerar inte',
      uk: 'відношення "app.No such" не існує',
      zh: '关系 "app.No such" 不存在'
    }
  },
  {
    sqlState: "42703",
    statement: 'UPDATE known SET "No such" = 1',
    position: "18",
    gap: 'missing column known."No such"',
    messages: {
      en: 'column "No such" of relation "known" does not exist',
      de: "Spalte »No such« von Relation »known« existiert nicht",
      es: "no existe la columna «No such» en la relación «known»",
      fr: "la colonne « No such » de la relation « known » n'existe pas",
      it: 'la colonna "No such" della relazione "known" non esiste',
      ja: 'リレーション"known"の列"No such"は存在しません',
      ka: 'სვეტი "No such" ურთიერთობაში known არ არსებობს',
      ko: '"No such" 칼럼은 "known" 릴레이션(relation)에 없음',
      ru: 'столбец "No such" в таблице "known" не существует',
      sv: 'kolumn "No such" i relation "known" existerar inte',
      uk: 'стовпець "No such" зв\'язку "known" не існує',
      zh: '关系 "known" 的 "No such" 字段不存在'
    }
  },
  {
    sqlState: "42703",
    statement: 'SELECT k."No such" FROM known k',
    position: "8",
    gap: 'missing column k."No such"',
    messages: {
      en: "column k.No such does not exist",
      de: "Spalte k.No such existiert nicht",
      es: "no existe la columna k.No such",
      fr: "la colonne k.No such n'existe pas",
      it: "la colonna k.No such non esiste",
      ja: "列k.No suchは存在しません",
      ka: "სვეტი k.No such არ არსებობს",
      ko: "k.No such 칼럼 없음",
      ru: "столбец k.No such не существует",
      sv: "kolumnen k.No such finns inte",
      uk: "стовпець k.No such не існує",
      zh: "字段 k.No such 不存在"
    }
  },
  {
    sqlState: "42703",
    statement: 'SELECT "No such" FROM known',
    position: "8",
    gap: 'missing column "No such"',
    messages: {
      en: 'column "No such" does not exist',
      de: "Spalte »No such« existiert nicht",
      es: "no existe la columna «No such»",
      fr: "la colonne « No such » n'existe pas",
      it: 'la colonna "No such" non esiste',
      ja: '列"No such"は存在しません',
      ka: 'სვეტი არ არსებობს: "No such"',
      ko: '"No such" 이름의 칼럼은 없습니다',
      ru: 'столбец "No such" не существует',
      sv: 'kolumnen "No such" existerar inte',
      uk: 'стовпця "No such" не існує',
      zh: '字段 "No such" 不存在'
    }
  },
  {
    sqlState: "42703",
    statement: 'SELECT (array_agg(known))[1]."No such" FROM known',
    position: "9",
    gap: 'missing column known."No such"',
    messages: {
      en: 'column "No such" not found in data type known',
      de: "Spalte »No such« nicht gefunden im Datentyp known",
      es: "la columna «No such» no fue encontrado en el tipo known",
      fr: "colonne « No such » introuvable pour le type de données known",
      it: 'la colonna "No such" non è stata trovata nel tipo di dato known',
      ja: 'データ型knownの列"No such"はありません',
      ka: 'სვეტი "No such" მონაცემის ტიპში known აღმოჩენილი არაა',
      ko: '"No such" 칼럼은 known 자료형을 찾을 수 없음',
      ru: 'столбец "No such" не найден в типе данных known',
      sv: 'kolumn "No such" fanns inte i datatypen known',
      uk: 'стовпець "No such" не знайдено в типі даних known',
      zh: '在数据类型 known 中未找到字段 "No such"'
    }
  },
  {
    sqlState: "42883",
    statement: "SELECT app.\"No such\"(1, 'a'::text)",
    position: "8",
    gap: 'missing function app."No such"(integer, text)',
    messages: {
      en: "function app.No such(integer, text) does not exist",
      de: "Funktion app.No such(integer, text) existiert nicht",
      es: "no existe la función app.No such(integer, text)",
      fr: "la fonction app.No such(integer, text) n'existe pas",
      it: "la funzione app.No such(integer, text) non esiste",
      ja: "関数app.No such(integer, text)は存在しません",
      ka: "ფუნქცია app.No such(integer, text) არ არსებობს",
      ko: "app.No such(integer, text) 이름의 함수가 없음",
      ru: "функция app.No such(integer, text) не существует",
      sv: "funktionen app.No such(integer, text) finns inte",
      uk: "функції app.No such(integer, text) не існує",
      zh: "函数 app.No such(integer, text) 不存在"
    }
  },
  {
    sqlState: "42883",
    statement: 'CALL app."No such"(1)',
    position: "6",
    gap: 'missing function app."No such"(integer)',
    messages: {
      en: "procedure app.No such(integer) does not exist",
      de: "Prozedur app.No such(integer) existiert nicht",
      es: "no existe el procedimiento «app.No such(integer)»",
      fr: "la procédure app.No such(integer) n'existe pas",
      it: "la procedura app.No such(integer) non esiste",
      ja: "プロシージャ app.No such(integer) は存在しません",
      ka: "პროცედურა app.No such(integer) არ არსებობს",
      ko: '"app.No such(integer)" 프로시져 없음',
      ru: "процедура app.No such(integer) не существует",
      sv: 'proceduren "app.No such(integer)" finns inte',
      uk: "процедура app.No such(integer) не існує",
      zh: "过程 app.No such(integer) 不存在"
    }
  },
  {
    sqlState: "42883",
    statement: 'DROP AGGREGATE app."No such"(integer)',
    gap: 'missing function app."No such"(integer)',
    messages: {
      en: "aggregate app.No such(integer) does not exist",
      de: "Aggregatfunktion app.No such(integer) existiert nicht",
      es: "no existe la función de agregación app.No such(integer)",
      fr: "l'agrégat app.No such(integer) n'existe pas",
      it: "la funzione di aggregazione app.No such(integer) non esiste",
      ja: "集約app.No such(integer)は存在しません",
      ka: "აგრეგატი app.No such(integer) არ არსებობს",
      ko: "app.No such(integer) 집계 함수 없음",
      ru: "агрегатная функция app.No such(integer) не существует",
      sv: "aggregatfunktion app.No such(integer) existerar inte",
      uk: "агрегат app.No such(integer) не існує",
      zh: "聚合函数 app.No such(integer)(*) 不存在"
    }
  },
  {
    sqlState: "42883",
    statement: 'DROP FUNCTION app."No such"',
    gap: 'missing function app."No such"',
    messages: {
      en: 'could not find a function named "app.No such"',
      de: "konnte keine Funktion namens »app.No such« finden",
      es: "no se pudo encontrar una función llamada «app.No such»",
      fr: "n'a pas pu trouver une fonction nommée « app.No such »",
      it: 'funzione "app.No such" non trovata',
      ja: '"app.No such"という名前の関数は見つかりませんでした',
      ka: 'ფუნქცია სახელით "app.No such" არ არსებობს',
      ko: '"app.No such" 함수를 찾을 수 없음',
      ru: 'не удалось найти функцию с именем "app.No such"',
      sv: 'kunde inte hitta funktion med namn "app.No such"',
      uk: 'не вдалося знайти функцію з іменем "app.No such"',
      zh: '无法找到函数名"app.No such"'
    }
  },
  {
    sqlState: "42883",
    statement: "SELECT 'app.\"No such\"(int)'::regprocedure",
    position: "8",
    gap: 'missing function app."No such"(integer)',
    messages: {
      en: 'function "app."No such"(int)" does not exist',
      de: 'Funktion »app."No such"(int)« existiert nicht',
      es: 'no existe la función «app."No such"(int)»',
      fr: 'la fonction « app."No such"(int) » n\'existe pas',
      it: 'la funzione "app."No such"(int)" non esiste',
      ja: '関数"app."No such"(int)"は存在しません',
      ka: 'ფუნქცია არ არსებობს: "app."No such"(int)"',
      ko: '"app."No such"(int)" 함수가 없습니다.',
      ru: 'функция "app."No such"(int)" не существует',
      sv: 'funktionen "app."No such"(int)" finns inte',
      uk: 'функція "app."No such"(int)" не існує',
      zh: '函数 "app."No such"(int)" 不存在'
    }
  },
  {
    sqlState: "42704",
    statement: 'SELECT NULL::app."No such"[]',
    position: "14",
    gap: 'missing type app."No such"',
    messages: {
      en: 'type "app.No such[]" does not exist',
      de: "Typ »app.No such[]« existiert nicht",
      es: "no existe el tipo «app.No such[]»",
      fr: "le type « app.No such[] » n'existe pas",
      it: 'il tipo "app.No such[]" non esiste',
      ja: '型"app.No such[]"は存在しません',
      ka: 'ტიპი "app.No such[]" არ არსებობს',
      ko: '"app.No such[]" 자료형 없음',
      ru: 'тип "app.No such[]" не существует',
      sv: 'typen "app.No such[]" existerar inte',
      uk: 'тип "app.No such[]" не існує',
      zh: '类型 "app.No such[]" 不存在'
    }
  },
  {
    sqlState: "42704",
    statement: "CREATE FUNCTION f(x app.\"No such\") RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    gap: 'missing type app."No such"',
    messages: {
      en: "type app.No such does not exist",
      de: "Typ app.No such existiert nicht",
      es: "no existe el tipo app.No such",
      fr: "le type app.No such n'existe pas",
      it: "il tipo app.No such non esiste",
      ja: "型app.No suchは存在しません",
      ka: 'ტიპი "app.No such" არ არსებობს',
      ko: "app.No such 자료형 없음",
      ru: "тип app.No such не существует",
      sv: "typen app.No such existerar inte",
      uk: 'тип "app.No such" не існує',
      zh: "类型 app.No such 不存在"
    }
  },
  {
    sqlState: "3F000",
    statement: 'SELECT "No such".f(1)',
    position: "8",
    gap: 'missing schema "No such"',
    messages: {
      en: 'schema "No such" does not exist',
      de: "Schema »No such« existiert nicht",
      es: "no existe el esquema «No such»",
      fr: "le schéma « No such » n'existe pas",
      it: 'lo schema "No such" non esiste',
      ja: 'スキーマ"No such"は存在しません',
      ka: 'სქემა "No such" არ არსებობს',
      ko: '"No such" 스키마(schema) 없음',
      ru: 'схема "No such" не существует',
      sv: 'schema "No such" existerar inte',
      uk: 'схема "No such" не існує',
      zh: '模式 "No such" 不存在'
    }
  },
  {
    sqlState: "22P02",
    statement: "SELECT 'sad'::app.\"Mo od\"",
    position: "8",
    gap: 'missing value "sad" of enum app."Mo od"',
    messages: {
      en: 'invalid input value for enum app."Mo od": "sad"',
      de: 'ungültiger Eingabewert für Enum app."Mo od": »sad«',
      es: 'la sintaxis de entrada no es válida para el enum app."Mo od": «sad»',
      fr: 'valeur en entrée invalide pour le enum app."Mo od" : « sad »',
      it: 'la sintassi per l\'enumerazione app."Mo od" non è valida: "sad"',
      ja: '列挙型app."Mo od"の不正な入力構文: "sad"',
      ka: 'არასწორი შეყვანილი მნიშვნელობა ჩამონათვალისთვის app."Mo od": "sad"',
      ko: 'app."Mo od" 열거형의 입력 값이 잘못됨: "sad"',
      ru: 'неверное значение для перечисления app."Mo od": "sad"',
      sv: 'ogiltigt indata-värde för enum app."Mo od": "sad"',
      uk: 'неприпустиме вхідне значення для переліку app."Mo od": "sad"',
      zh: '对于枚举app."Mo od"的输入值无效: "sad"'
    }
  },
  {
    sqlState: "42P10",
    statement: "INSERT INTO known VALUES (1) ON CONFLICT (id) DO NOTHING",
    gap: "missing unique constraint of relation known over (id)",
    byMessage: "missing unique constraint",
    messages: {
      en: "there is no unique or exclusion constraint matching the ON CONFLICT specification",
      de: "es gibt keinen Unique-Constraint oder Exclusion-Constraint, der auf die ON-CONFLICT-Angabe passt",
      es: "no hay restricción única o de exclusión que coincida con la especificación ON CONFLICT",
      fr: "il n'existe aucune contrainte unique ou contrainte d'exclusion correspondant à la spécification ON CONFLICT",
      it: "non c'è alcun vincolo di unicità o esclusione che combaci con la specifica ON CONFLICT",
      ja: "ON CONFLICT 指定に合致するユニーク制約または排除制約がありません",
      ka: "უნიკალური ან გამორიცხვის შეზღუდვა, რომელიც ON CONFLICT-ის აღწერას ემთხვევა, არ არსებობს",
      ko: "ON CONFLICT 절을 사용하는 경우, unique 나 exclude 제약 조건이 있어야 함",
      ru: "нет уникального ограничения или ограничения-исключения, соответствующего указанию ON CONFLICT",
      sv: "finns inget unik eller uteslutningsvillkor som matchar ON CONFLICT-specifikationen",
      uk: "немає унікального обмеження або обмеження-виключення відповідного специфікації ON CONFLICT",
      zh: "没有匹配ON CONFLICT说明的唯一或者排除约束"
    }
  },
  {
    sqlState: "42704",
    statement: 'INSERT INTO known VALUES (1) ON CONFLICT ON CONSTRAINT "No such" DO NOTHING',
    gap: 'missing constraint "No such" of relation known',
    messages: {
      en: 'constraint "No such" for table "known" does not exist',
      de: "Constraint »No such« für Tabelle »known« existiert nicht",
      es: "no existe la restricción «No such» para la tabla «known»",
      fr: "la contrainte « No such » de la table « known » n'existe pas",
      it: 'il vincolo "No such" per la tabella "known" non esiste',
      ja: 'テーブル"known"の制約"No such"は存在しません',
      ka: "ცხრილის (known) შეზღუდვა (No such) არ არსებობს",
      ko: '"No such" 제약 조건은 "known" 테이블에 없음',
      ru: 'ограничение "No such" для таблицы "known" не существует',
      sv: 'integritetsvillkor "No such" för tabell "known" existerar inte',
      uk: 'індексу "No such" для таблиці "known" не існує',
      zh: '表 "known" 的 "No such" 约束不存在'
    }
  },
  {
    sqlState: "42704",
    statement: 'ALTER TABLE known VALIDATE CONSTRAINT "No such"',
    gap: 'missing constraint "No such" of relation known',
    messages: {
      en: 'constraint "No such" of relation "known" does not exist',
      de: "Constraint »No such« von Relation »known« existiert nicht",
      es: "no existe la restricción «No such» en la relación «known»",
      fr: "la contrainte « No such » de la relation « known » n'existe pas",
      it: 'il vincolo "No such" della relazione "known" non esiste',
      ja: 'リレーション"known"の制約"No such"は存在しません',
      ka: 'ურთიერთობის "known" შეზღუდვა "No such" არ არსებობს',
      ko: '"No such" 제약 조건이 "known" 릴레이션에 없습니다.',
      ru: 'ограничение "No such" в таблице "known" не существует',
      sv: 'villkor "No such" i relation "known" finns inte',
      uk: 'обмеження "No such" відношення "known" не існує',
      zh: '关系 "known" 的 约束"No such" 不存在'
    }
  },
  {
    sqlState: "42704",
    statement: 'SET CONSTRAINTS "No such" DEFERRED',
    gap: 'missing constraint "No such"',
    messages: {
      en: 'constraint "No such" does not exist',
      de: "Constraint »No such« existiert nicht",
      es: "no existe la restricción «No such»",
      fr: "la contrainte « No such » n'existe pas",
      it: 'il vincolo "No such" non esiste',
      ja: '制約"No such"は存在しません',
      ka: 'შეზღუდვა "No such" არ არსებობს',
      ko: '"No such" 이름의 제약 조건이 없음',
      ru: 'ограничение "No such" не существует',
      sv: 'integritetsvillkor "No such" existerar inte',
      uk: 'обмеження "No such" не існує',
      zh: '约束 "No such" 不存在'
    }
  },
  {
    sqlState: "42704",
    statement: "SELECT 'a' COLLATE app.\"No such\"",
    position: "12",
    gap: 'missing collation app."No such"',
    messages: {
      en: 'collation "app.No such" for encoding "UTF8" does not exist',
      de: "Sortierfolge »app.No such« für Kodierung »UTF8« existiert nicht",
      es: "no existe el ordenamiento (collation) «app.No such» para la codificación «UTF8»",
      fr: "le collationnement « app.No such » pour l'encodage « UTF8 » n'existe pas",
      it: 'l\'ordinamento "app.No such" per la codifica "UTF8" non esiste',
      ja: 'エンコーディング"UTF8"の照合順序"app.No such"は存在しません',
      ka: 'კოლაცია "app.No such" კოდირებისთვის "UTF8" არ არსებობს',
      ko: '"app.No such" 정렬정의(collation)가 "UTF8" 인코딩에서는 쓸 수 없음',
      ru: 'правило сортировки "app.No such" для кодировки "UTF8" не существует',
      sv: 'jämförelse "app.No such" för kodning "UTF8" finns inte',
      uk: 'правило сортування "app.No such" для кодування "UTF8" не існує',
      zh: '编码 "UTF8" 中的排序规则 "app.No such" 不存在'
    }
  },
  {
    sqlState: "42704",
    statement: 'ALTER EXTENSION "No such" UPDATE',
    gap: 'missing extension "No such"',
    messages: {
      en: 'extension "No such" does not exist',
      de: "Erweiterung »No such« existiert nicht",
      es: "no existe la extensión «No such»",
      fr: "l'extension « No such » n'existe pas",
      it: 'l\'estensione "No such" non esiste',
      ja: '機能拡張"No such"は存在しません',
      ka: "გაფართოება No such არ არსებობს",
      ko: '"No such" 이름의 확장 모듈이 없습니다',
      ru: 'расширение "No such" не существует',
      sv: 'utökning "No such" finns inte',
      uk: 'розширення "No such" не існує',
      zh: '扩展 "No such" 不存在'
    }
  },
  {
    sqlState: "42883",
    statement: "SELECT 1 + 'x'::text",
    position: "10",
    routine: "op_error",
    gap: "missing operator +(integer, text)",
    messages: {
      en: "operator does not exist: integer + text",
      de: "Operator existiert nicht: integer + text",
      es: "el operador no existe: integer + text",
      fr: "l'opérateur n'existe pas : integer + text",
      it: "l'operatore non esiste: integer + text",
      ja: "演算子が存在しません: integer + text",
      ka: "ოპერატორი არ არსებობს: integer + text",
      ko: "연산자 없음: integer + text",
      ru: "оператор не существует: integer + text",
      sv: "operator existerar inte: integer + text",
      uk: "оператор не існує: integer + text",
      zh: "操作符不存在: integer + text"
    }
  },
  {
    sqlState: "42704",
    statement: "GRANT SELECT ON known TO nothing",
    routine: "get_role_oid",
    gap: "missing role nothing",
    messages: {
      en: 'role "nothing" does not exist',
      de: "Rolle »nothing« existiert nicht",
      es: "no existe el rol «nothing»",
      fr: "le rôle « nothing » n'existe pas",
      it: 'il ruolo "nothing" non esiste',
      ja: 'ロール"nothing"は存在しません',
      ka: 'როლი არ არსებობს: "nothing"',
      ko: '"nothing" 롤(role) 없음',
      ru: 'роль "nothing" не существует',
      sv: 'rollen "nothing" finns inte',
      uk: 'роль "nothing" не існує',
      zh: '角色 "nothing" 不存在'
    }
  },
  {
    sqlState: "42703",
    statement: "INSERT INTO noticed VALUES (1)",
    routine: "plpgsql_exec_get_datum_type_info",
    gap: "missing column noticed.at",
    byMessage: "missing column at",
    messages: {
      en: 'record "new" has no field "at"',
      de: "Record »new« hat kein Feld »at«",
      es: "el registro «new» no tiene un campo «at»",
      fr: "l'enregistrement « new » n'a pas de champs « at »",
      it: 'il record "new" non ha un campo "at"',
      ja: 'レコード "new" には項目 "at" はありません',
      ka: 'ჩანაწერს "new" ველი "at" არ გააჩნია',
      ko: '"new" 레코드에 "at" 필드가 없음',
      ru: 'в записи "new" нет поля "at"',
      sv: 'post "new" saknar fält "at"',
      uk: 'запис "new" не має поля "at"',
      zh: '记录"new"没有字段"at"'
    }
  }
]
