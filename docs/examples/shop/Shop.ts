/**
 * What today's code asks of the database. Nothing here knows about migrations.
 */
import type { SqlClient } from "@effect/sql/SqlClient"
import type { Statement } from "@effect/sql/Statement"

/** A query of the shop. */
export type Query = (sql: SqlClient) => Statement<object>

export const putIntoBasket: Query = (sql) => sql`
  INSERT INTO order_lines (order_id, sku, quantity, unit_price_cents) VALUES (1, 'tea', 3, 450), (1, 'cup', 1, 1200)
  RETURNING sku, quantity`

export const ship: Query = (sql) => sql`UPDATE orders SET status = 'shipped' WHERE id = 1 RETURNING id, status`

export const bestCustomers: Query = (sql) => sql`SELECT name, cents::integer FROM customer_revenue ORDER BY cents DESC`

export const wish: Query = (sql) => sql`
  INSERT INTO wishes (customer_id, sku, quantity) VALUES (2, 'pot', 1)
  ON CONFLICT (customer_id, sku) DO UPDATE SET quantity = wishes.quantity + excluded.quantity
  RETURNING sku, quantity`

export const stock: Query = (sql) => sql`SELECT sku, stock FROM products ORDER BY sku`

export const phones: Query = (sql) => sql`SELECT name, phone FROM customers ORDER BY name`

/** A mistake that no migration will ever correct. */
export const misspelt: Query = (sql) => sql`SELECT titel FROM products`

/** What was in the tables before today. */
export const rowsOfYesterday: ReadonlyArray<Query> = [
  (sql) =>
    sql`INSERT INTO customers (name, email, fax) VALUES ('Ada', 'ada@example.org', '1815'), ('Edgar', 'ted@example.org', NULL)`,
  (sql) => sql`INSERT INTO products VALUES ('cup', 'A cup', 1200), ('pot', 'A pot', 3900), ('tea', 'Tea, 100 g', 450)`,
  (sql) => sql`INSERT INTO orders (customer_id, status) VALUES (1, 'paid')`
]
