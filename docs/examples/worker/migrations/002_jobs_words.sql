ALTER TABLE jobs ADD COLUMN words integer;
