/**
 * Messages in languages that Debian's package of PostgreSQL 15 leaves out (Indonesian, Polish, Portuguese, Turkish), and other
 * versions' wordings of languages that it has. `MessageCatalogues` adds them to those that it reads.
 *
 * Source: src/backend/po of PostgreSQL 12 to 16.
 */
export const unpackagedMessages: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "column %s.%s does not exist": {
    id: "kolom %s.%s belum ada",
    pl: "kolumna %s.%s nie istnieje",
    pt_BR: "coluna %s.%s não existe",
    tr: "%s.%s sütunu mevcut değil"
  },
  'column "%s" of relation "%s" does not exist': {
    id: "kolom  « %s » dari relasi « %s » tidak ada",
    pl: 'kolumna "%s" relacji "%s" nie istnieje',
    pt_BR: 'coluna "%s" da relação "%s" não existe',
    tr: '"%s" kolonu "%s" tablosunda mevcut değil',
    uk: 'стовпець "%s" відношення "%s" не існує'
  },
  'column "%s" not found in data type %s': {
    id: "kolom « %s » tidak ditemukan dalam tipe data %s",
    pl: 'nie odnaleziono kolumny "%s" w typie danych %s',
    pt_BR: 'coluna "%s" não foi encontrada no tipo de dado %s',
    tr: '%2$s veri tipinde "%1$s" sütunu bulunamadı'
  },
  "function %s does not exist": {
    id: "fungsi %s tidak ada",
    pl: "funkcja %s nie istnieje",
    pt_BR: "função %s não existe",
    tr: "%s fonksiyonu mevcut değildir"
  },
  "procedure %s does not exist": { tr: '"%s" prosedürü mevcut değil' },
  "aggregate %s does not exist": {
    id: "aggregate %s tidak ada",
    pl: "agregat %s nie istnieje",
    pt_BR: "agregação %s não existe",
    tr: "aggregate %s mevcut değil"
  },
  'function "%s" does not exist': {
    id: "fungsi « %s » tak ada",
    pl: 'funkcja "%s" nie istnieje',
    pt_BR: 'função "%s" não existe',
    tr: '"%s" fonksiyonu mevcut değil'
  },
  'could not find a function named "%s"': {
    pl: 'nie można odnaleźć funkcji o nazwie "%s"',
    tr: '"%s" isimli bir fonksiyon bulunamadı'
  },
  'could not find a procedure named "%s"': { tr: '"%s" isimli bir prosedür bulunamadı' },
  'could not find an aggregate named "%s"': {
    fr: "n'a pas pu trouver un aggrégat nommé « %s »",
    tr: '"%s" isimli bir aggregate bulunamadı'
  },
  'type "%s" does not exist': {
    id: "tipe « %s » belum ada",
    pl: 'typ "%s" nie istnieje',
    pt_BR: 'tipo "%s" não existe',
    tr: '"%s" tipi mevcut değil'
  },
  "type %s does not exist": {
    id: "type %s tidak ada",
    pl: "typ %s nie istnieje",
    pt_BR: "tipo %s não existe",
    tr: "%s tipi mevcut değil"
  },
  'constraint "%s" for table "%s" does not exist': {
    id: "contraint « %s » untuk tabel « %s » tidak ada",
    pl: 'ograniczenie "%s" dla tabeli "%s" nie istnieje',
    pt_BR: 'restrição "%s" na tabela "%s" não existe',
    tr: '"%2$s" tablosu için "%1$s" kısıtlaması mevcut değil'
  },
  'constraint "%s" of relation "%s" does not exist': {
    id: "constraint « %s » relasi « %s » tidak ada",
    pl: 'ograniczenie "%s" relacji "%s" nie istnieje',
    pt_BR: 'restrição "%s" da relação "%s" não existe',
    tr: '"%s" kısıtlaması "%s" nesnesinde mevcut değil'
  },
  'constraint "%s" does not exist': {
    id: "batasan « %s » tidak ada",
    pl: 'ograniczenie "%s" nie istnieje',
    pt_BR: 'restrição "%s" não existe',
    tr: 'constraint "%s" mevcut değil'
  },
  'collation "%s" for encoding "%s" does not exist': {
    id: "'collation'  « %s » untuk enkoding « %s » tidak ada",
    pl: 'porównanie "%s" dla kodowania "%s" nie istnieje',
    pt_BR: 'ordenação "%s" para codificação "%s" não existe',
    tr: '"%2$s" kodlaması (encoding) için "%1$s" karşılaştırması (collation) mevcut değil'
  },
  'extension "%s" does not exist': {
    id: "ekstensi « %s » tidak ada",
    pl: 'rozszerzenie "%s" nie istnieje',
    pt_BR: 'extensão "%s" não existe',
    tr: '"%s" uzantısı mevcut değil'
  },
  'invalid input value for enum %s: "%s"': {
    id: "nilai masukan tidak valid untuk enum %s : « %s »",
    pl: 'nieprawidłowa wartość wejścia dla enumeracji %s: "%s"',
    pt_BR: 'valor de entrada é inválido para enum %s: "%s"',
    tr: '%s enum tipi için geçersiz değer: "%s"'
  }
}
