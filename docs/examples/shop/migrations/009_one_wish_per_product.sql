ALTER TABLE wishes ADD UNIQUE (customer_id, sku);
