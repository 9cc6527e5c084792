Feature: A database for every scenario
  What these files tell happens on a real PostgreSQL, and no scenario sees what another one did.

  Scenario: a statement that fails
    Given an empty database
    When somebody runs
      """sql
      SELECT id FROM users
      """
    Then the server answers 42P01

  Scenario Outline: a table that only this scenario has
    Given an empty database
    When somebody runs
      """sql
      CREATE TABLE <table> (id integer)
      """
    Then the server is content

    Examples:
      | table    |
      | users    |
      | "Orders" |
