CREATE FUNCTION order_total(wanted bigint) RETURNS bigint
LANGUAGE sql STABLE
BEGIN ATOMIC
  SELECT coalesce(sum(quantity * unit_price_cents), 0)::bigint FROM order_lines WHERE order_id = wanted;
END;
