CREATE TABLE done (
  note integer PRIMARY KEY REFERENCES notes
);
