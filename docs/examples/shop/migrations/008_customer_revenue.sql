CREATE VIEW customer_revenue AS
  SELECT c.name, sum(order_total(o.id))::bigint AS cents
  FROM customers c JOIN orders o ON o.customer_id = c.id
  GROUP BY c.name;
