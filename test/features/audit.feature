Feature: Everything that was done is on record
  Who applied what, when and for which query can be read years later, and an edited record is noticed.

  Background:
    Given an empty database
    And the migration "001_users"
      """sql
      CREATE TABLE users (id integer PRIMARY KEY);
      """
    And a request has asked
      """sql
      SELECT id FROM users
      """

  Scenario: an event tells what was missing
    Then the last event is "Applied" of 001_users because of "relation users"
    And the record is unbroken

  Scenario: an event cannot be changed
    When somebody runs
      """sql
      UPDATE auto_migration.event SET migration_id = 'something else'
      """
    Then the server answers 42501

  Scenario: an event cannot be deleted
    When somebody runs
      """sql
      DELETE FROM auto_migration.event
      """
    Then the server answers 42501

  Scenario: a record that was edited by force is noticed
    When somebody runs
      """sql
      ALTER TABLE auto_migration.event DISABLE TRIGGER append_only;
      UPDATE auto_migration.event SET recorded_by = 'nobody' WHERE sequence = 2;
      ALTER TABLE auto_migration.event ENABLE ALWAYS TRIGGER append_only
      """
    Then the record is broken at event 2
