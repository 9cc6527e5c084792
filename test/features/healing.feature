Feature: A query never fails because somebody forgot a migration
  The schema is behind the code. A request must not fail for that, and what is applied must be no more than it needs.

  Background:
    Given an empty database
    And the migration "001_users"
      """sql
      CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL);
      INSERT INTO users VALUES (1, 'Ada'), (2, 'Grace');
      """
    And the migration "002_orders"
      """sql
      CREATE TABLE orders (id integer PRIMARY KEY, user_id integer NOT NULL REFERENCES users (id));
      """
    And the migration "003_invoices"
      """sql
      CREATE TABLE invoices (id integer PRIMARY KEY);
      """

  Scenario: a table is missing
    When a request asks
      """sql
      SELECT name FROM users ORDER BY id
      """
    Then it answers
      | name  |
      | Ada   |
      | Grace |
    And these migrations are applied: 001_users

  Scenario: what the missing table depends on comes with it, and nothing else
    When a request asks
      """sql
      SELECT count(*)::text AS orders FROM orders
      """
    Then it answers
      | orders |
      | 0      |
    And these migrations are applied: 001_users, 002_orders

  Scenario: a column is missing that a new version of the program needs
    A foreign key changes the table that it refers to, so 002_orders keeps its place before 004_users_email.

    Given a request has asked
      """sql
      SELECT name FROM users
      """
    And the migration "004_users_email"
      """sql
      ALTER TABLE users ADD COLUMN email text DEFAULT 'unknown';
      """
    When a request asks
      """sql
      SELECT u.name, u.email FROM users AS u WHERE u.id = 1
      """
    Then it answers
      | name | email   |
      | Ada  | unknown |
    And these migrations are applied: 001_users, 002_orders, 004_users_email

  Scenario: fifty requests at once in each of four replicas
    When 4 replicas ask 50 times each
      """sql
      SELECT name FROM users WHERE id = 1
      """
    Then every request is answered
    And each applied migration was applied once

  Scenario: a table that no migration knows
    When a request asks
      """sql
      SELECT * FROM unicorns
      """
    Then it fails with SqlError
    And nothing is applied

  Scenario: a transaction is run again as a whole
    Given a request has asked
      """sql
      SELECT name FROM users
      """
    And the migration "004_users_email"
      """sql
      ALTER TABLE users ADD COLUMN email text;
      """
    When a transaction runs
      """sql
      INSERT INTO users (id, name) VALUES (3, 'Edsger');
      UPDATE users SET email = 'edsger@example.org' WHERE id = 3
      """
    And a request asks
      """sql
      SELECT name, email FROM users WHERE id = 3
      """
    Then it answers
      | name   | email              |
      | Edsger | edsger@example.org |
