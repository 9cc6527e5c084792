-- Yesterday's release, and nobody has wished for anything yet.
CREATE TABLE wishes (
  customer_id bigint NOT NULL REFERENCES customers,
  sku text NOT NULL REFERENCES products,
  quantity integer NOT NULL
);
