CREATE VIEW open_notes AS
SELECT id, text FROM notes WHERE NOT EXISTS (SELECT FROM done WHERE note = notes.id);
