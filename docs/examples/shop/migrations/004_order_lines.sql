CREATE TABLE order_lines (
  order_id bigint NOT NULL REFERENCES orders,
  sku text NOT NULL REFERENCES products,
  quantity integer NOT NULL CHECK (quantity > 0),
  unit_price_cents integer NOT NULL,
  PRIMARY KEY (order_id, sku)
);
