Feature: Nothing dangerous runs by itself
  A migration that could lose data or stop other requests waits for a person, and the error says for what.

  Background:
    Given an empty database
    And the migration "001_users"
      """sql
      CREATE TABLE users (id integer PRIMARY KEY, name text NOT NULL, nickname text);
      INSERT INTO users VALUES (1, 'Ada', 'Countess');
      """
    And a request has asked
      """sql
      SELECT name FROM users
      """

  Scenario: a migration that drops a column waits for a person
    Given the migration "002_email_for_nickname"
      """sql
      ALTER TABLE users ADD COLUMN email text;
      ALTER TABLE users DROP COLUMN nickname;
      """
    When a request asks
      """sql
      SELECT email FROM users
      """
    Then it fails with MigrationRefused
    And the error says "DROP COLUMN nickname"
    And the error says "AutoMigration.migrateTo"
    And these migrations are applied: 001_users
    When an operator migrates
    And a request asks
      """sql
      SELECT name FROM users WHERE email IS NULL
      """
    Then it answers
      | name |
      | Ada  |

  Scenario: a migration that fails leaves nothing behind
    Given the migration "002_audit"
      """sql
      CREATE TABLE audit (id integer);
      INSERT INTO audit SELECT 1 / 0;
      """
    When a request asks
      """sql
      SELECT id FROM audit
      """
    Then it fails with MigrationFailed
    And the error says "record:002_audit:2"
    And the error says "division by zero"
    And these migrations are applied: 001_users
    And the ledger's events are: Applied 001_users, Failed 002_audit

  Scenario: a program that may only look
    Given the migration "002_users_email"
      """sql
      ALTER TABLE users ADD COLUMN email text;
      """
    And the program only observes
    When a request asks
      """sql
      SELECT email FROM users
      """
    Then it fails with MigrationPending
    And the error says "002_users_email has not been applied"
    And these migrations are applied: 001_users
