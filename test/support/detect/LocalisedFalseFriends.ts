/**
 * Errors that only look as if an object were missing, as PostgreSQL 15 words it in each of its languages (`lc_messages`): recorded from a server with
 * a table `known`, an enum `app."Mo od"`, a shell type and a trigger that sets a column that its table lacks.
 */
import type { LocalisedError } from "./Localised.js"

export const falseFriends: ReadonlyArray<LocalisedError> = [
  {
    sqlState: "42P01",
    statement: "SELECT nothing.id FROM known",
    position: "8",
    routine: "errorMissingRTE",
    messages: {
      en: 'missing FROM-clause entry for table "nothing"',
      de: "fehlender Eintrag in FROM-Klausel für Tabelle »nothing«",
      es: "falta una entrada para la tabla «nothing» en la cláusula FROM",
      fr: "entrée manquante de la clause FROM pour la table « nothing »",
      it: 'elemento FROM per la tabella "nothing" mancante',
      ja: 'テーブル"nothing"用のFROM句エントリがありません',
      ka: 'missing FROM-clause entry for table "nothing"',
      ko: '테이블 "nothing"에 FROM 절이 빠져 있습니다.',
      ru: 'таблица "nothing" отсутствует в предложении FROM',
      sv: 'saknar FROM-klausulpost för tabell "nothing"',
      uk: 'таблиця "nothing" відсутня в реченні FROM',
      zh: '对于表"nothing",丢失FROM子句项'
    }
  },
  {
    sqlState: "42P01",
    statement: "SELECT known.id FROM known k",
    position: "8",
    routine: "errorMissingRTE",
    messages: {
      en: 'invalid reference to FROM-clause entry for table "known"',
      de: "ungültiger Verweis auf FROM-Klausel-Eintrag für Tabelle »known«",
      es: "referencia a la entrada de la cláusula FROM para la tabla «known» no válida",
      fr: "référence invalide d'une entrée de la clause FROM pour la table « known »",
      it: 'riferimento non valido all\'elemento della clausola FROM per la tabella "known"',
      ja: 'テーブル"known"用のFROM句に対する不正な参照',
      ka: 'invalid reference to FROM-clause entry for table "known"',
      ko: '"known" 테이블을 사용하는 FROM 절에 대한 참조가 잘못 되었습니다.',
      ru: 'в элементе предложения FROM неверная ссылка на таблицу "known"',
      sv: 'ogiltig referens till FROM-klausulpost för tabell "known"',
      uk: 'в елементі речення FROM неприпустиме посилання на таблицю "known"',
      zh: '对于表 "known"的FROM子句项的引用无效 '
    }
  },
  {
    sqlState: "42P01",
    statement: "SELECT 1 FROM known FOR UPDATE OF nothing",
    position: "35",
    routine: "transformLockingClause",
    messages: {
      en: 'relation "nothing" in FOR UPDATE clause not found in FROM clause',
      de: "Relation »nothing« in FOR UPDATE nicht in der FROM-Klausel gefunden",
      es: "la relación «nothing» en la cláusula FOR UPDATE no fue encontrada en la cláusula FROM",
      fr: "relation « nothing » dans une clause FOR UPDATE introuvable dans la clause FROM",
      it: 'la relazione "nothing" nella clausola FOR UPDATE non è stata trovata nella clausola FROM',
      ja: 'FOR UPDATE句のリレーション"nothing"はFROM句にありません',
      ka: 'relation "nothing" in FOR UPDATE clause not found in FROM clause',
      ko: '"nothing" 릴레이션 (대상 구문: FOR UPDATE) 이 FROM 절 내에 없습니다',
      ru: 'отношение "nothing" в определении FOR UPDATE отсутствует в предложении FROM',
      sv: 'relationen "nothing" i FOR UPDATE-klausul hittades inte i FROM-klausul',
      uk: 'відношення "nothing" в реченні FOR UPDATE не знайдено в реченні FROM',
      zh: '子句FOR UPDATE中的关系 "nothing" 在FROM子句中无法找到'
    }
  },
  {
    sqlState: "42703",
    statement: 'SELECT (r)."No such" FROM (SELECT ROW(1) AS r) AS x',
    position: "9",
    routine: "unknown_attribute",
    messages: {
      en: 'could not identify column "No such" in record data type',
      de: "konnte Spalte »No such« im Record-Datentyp nicht identifizieren",
      es: "no se pudo identificar la columna «No such» en el tipo de dato record",
      fr: "n'a pas pu identifier la colonne « No such » dans le type de données de l'enregistrement",
      it: 'la colonna "No such" non identificata nel tipo di dato record',
      ja: 'レコードデータ型の列"No such"を識別できませんでした',
      ka: 'ჩანაწერის მონაცემის ტიპში სვეტის "No such" იდენტიფიკაცია შეუძლებელია',
      ko: '레코드 데이터 형식에서 "No such" 칼럼을 식별할 수 없음',
      ru: 'не удалось идентифицировать столбец "No such" в типе записи',
      sv: 'kunde inte hitta kolumnen "No such" i record-datatyp',
      uk: 'не вдалося ідентифікувати стовпець "No such" в типі запису',
      zh: '在记录数据类型中无法确认字段 "No such"'
    }
  },
  {
    sqlState: "42703",
    statement: "ALTER INDEX known_index ALTER COLUMN 7 SET STATISTICS 5",
    routine: "ATExecSetStatistics",
    messages: {
      en: 'column number 7 of relation "known_index" does not exist',
      de: "Spalte Nummer 7 von Relation »known_index« existiert nicht",
      es: "no existe la columna número 7 en la relación «known_index»",
      fr: "la colonne numéro 7 de la relation « known_index » n'existe pas",
      it: 'la colonna numero 7 della relazione "known_index" non esiste',
      ja: 'リレーション "known_index"の列 7 は存在しません',
      ka: "ურთიერთობის (known_index) სვეტი (7) არ არსებობს",
      ko: '7번째 칼럼이 없습니다. 해당 릴레이션: "known_index"',
      ru: 'столбец с номером 7 отношения "known_index" не существует',
      sv: 'kolumnnummer 7 i relation "known_index" finns inte',
      uk: "стовпець з номером 7 відношення known_index не існує",
      zh: '在关系"known_index"中的列号 7 不存在'
    }
  },
  {
    sqlState: "42704",
    statement: "SHOW nothing",
    routine: "find_option",
    messages: {
      en: 'unrecognized configuration parameter "nothing"',
      de: "unbekannter Konfigurationsparameter »nothing«",
      es: "parámetro de configuración «nothing» no reconocido",
      fr: "paramètre de configuration « nothing » non reconnu",
      it: 'parametro di configurazione "nothing" sconosciuto',
      ja: '設定パラメータ"nothing"は不明です',
      ka: 'კონფიგურაციის უცნობი პარამეტრი: "nothing"',
      ko: '알 수 없는 환경 매개 변수 이름: "nothing"',
      ru: 'нераспознанный параметр конфигурации: "nothing"',
      sv: 'okänd konfigurationsparameter "nothing"',
      uk: 'нерозпізнаний параметр конфігурації "nothing"',
      zh: '未认可的配置参数 "nothing"'
    }
  },
  {
    sqlState: "42704",
    statement: "SELECT count(*) OVER nothing FROM known",
    position: "22",
    routine: "transformWindowFuncCall",
    messages: {
      en: 'window "nothing" does not exist',
      de: "Fenster »nothing« existiert nicht",
      es: "la ventana «nothing» no existe",
      fr: "le window « nothing » n'existe pas",
      it: 'la finestra "nothing" non esiste',
      ja: 'ウィンドウ"nothing"は存在しません',
      ka: 'ფანჯარა "nothing" არ არსებობს',
      ko: '"nothing" 윈도우 함수가 없음',
      ru: 'окно "nothing" не существует',
      sv: 'fönster "nothing" finns inte',
      uk: 'вікно "nothing" не існує',
      zh: '窗口"nothing"不存在'
    }
  },
  {
    sqlState: "42704",
    statement: "DROP TRIGGER nothing ON known",
    routine: "get_trigger_oid",
    messages: {
      en: 'trigger "nothing" for table "known" does not exist',
      de: "Trigger »nothing« für Tabelle »known« existiert nicht",
      es: "no existe el trigger «nothing» para la tabla «known»",
      fr: "le trigger « nothing » de la table « known » n'existe pas",
      it: 'il trigger "nothing" per la tabella "known" non esiste',
      ja: 'テーブル"known"のトリガ"nothing"は存在しません',
      ka: 'ტრიგერი "nothing" ცხრილისთვის "known" არ არსებობს',
      ko: '"nothing" 트리거는 "known" 테이블에 없음',
      ru: 'триггер "nothing" для таблицы "known" не существует',
      sv: 'trigger "nothing" för tabell "known" finns inte',
      uk: 'тригер "nothing" для таблиці "known" не існує',
      zh: '表 "known" 的 "nothing" 触发器不存在'
    }
  },
  {
    sqlState: "42704",
    statement: "SELECT NULL::shell",
    position: "14",
    routine: "typenameType",
    messages: {
      en: 'type "shell" is only a shell',
      de: "Typ »shell« ist nur eine Hülle",
      es: "el tipo «shell» está inconcluso",
      fr: "le type « shell » n'est qu'une coquille",
      it: 'il tipo "shell" non è completamente definito',
      ja: '型"shell"は単なるシェルです',
      ka: 'ტიპი "shell" მხოლოდ გარსია',
      ko: '자료형 "shell" 는 오로지 shell 에만 있습니다. ',
      ru: 'тип "shell" является пустышкой',
      sv: 'typ "shell" är bara ett skal',
      uk: 'тип "shell" є лише оболонкою',
      zh: '类型 "shell" 只是一个 shell'
    }
  },
  {
    sqlState: "22P02",
    statement: "SELECT 'x'::integer",
    position: "8",
    routine: "pg_strtoint32",
    messages: {
      en: 'invalid input syntax for type integer: "x"',
      de: "ungültige Eingabesyntax für Typ integer: »x«",
      es: "la sintaxis de entrada no es válida para tipo integer: «x»",
      fr: "syntaxe en entrée invalide pour le type integer : « x »",
      it: 'sintassi di input non valida per il tipo integer: "x"',
      ja: '"integer"型の入力構文が不正です: "x"',
      ka: 'არასწორი შეყვანის სინტაქსი ტიპისთვის integer: "x"',
      ko: 'integer 자료형 대한 잘못된 입력: "x"',
      ru: 'неверный синтаксис для типа integer: "x"',
      sv: 'ogiltig indatasyntax för type integer: "x"',
      uk: 'неприпустимий синтаксис для типу integer: "x"',
      zh: '无效的类型 integer 输入语法: "x"'
    }
  },
  {
    sqlState: "42P10",
    statement: "SELECT id FROM known ORDER BY 3",
    position: "31",
    routine: "findTargetlistEntrySQL92",
    messages: {
      en: "ORDER BY position 3 is not in select list",
      de: "ORDER BY Position 3 ist nicht in der Select-Liste",
      es: "la posición 3 de ORDER BY no está en la lista de resultados",
      fr: "ORDER BY, à la position 3, n'est pas dans la liste SELECT",
      it: "ORDER BY in posizione 3 non è nella lista SELECT",
      ja: "ORDER BYの位置3はSELECTリストにありません",
      ka: "ORDER BY position 3 is not in select list",
      ko: "ORDER BY position 3 가 select list 에 포함되어 있지 않습니다",
      ru: "в списке выборки ORDER BY нет элемента 3",
      sv: "ORDER BY-position 3 finns inte i select-listan",
      uk: "в списку вибірки ORDER BY немає позиції 3",
      zh: "ORDER BY 位置3不在select列表中."
    }
  },
  {
    sqlState: "42883",
    statement: "SELECT '{}'::json ORDER BY 1",
    position: "28",
    routine: "get_sort_group_operators",
    messages: {
      en: "could not identify an ordering operator for type json",
      de: "konnte keinen Sortieroperator für Typ json ermitteln",
      es: "no se pudo identificar un operador de ordenamiento para el tipo json",
      fr: "n'a pas pu identifier un opérateur de tri pour le type json",
      it: "non è stato possibile identificare un operatore di ordinamento per il tipo json",
      ja: "型jsonの順序演算子を識別できませんでした",
      ka: "ტიპისთვის json დალაგების ოპერატორის იდენტიფიკაცია შეუძლებელია",
      ko: "json 자료형에서 사용할 순서 정하는 연산자를 찾을 수 없습니다.",
      ru: "для типа json не удалось найти оператор сортировки",
      sv: "kunde inte hitta en ordningsoperator för typ json",
      uk: "для типу json не вдалося визначити оператора сортування",
      zh: "无法为类型json识别顺序操作符"
    }
  }
]
