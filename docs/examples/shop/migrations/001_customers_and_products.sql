-- Yesterday's release.
CREATE TABLE customers (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL UNIQUE,
  fax text
);

CREATE TABLE products (
  sku text PRIMARY KEY,
  title text NOT NULL,
  price_cents integer NOT NULL CHECK (price_cents > 0)
);
