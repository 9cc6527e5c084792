-- No query fails for want of an index. This one runs with the first statement that needs its table.
CREATE INDEX order_lines_by_product ON order_lines (sku);
