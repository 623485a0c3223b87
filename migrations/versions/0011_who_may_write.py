"""Whose transaction may write what: a context about a participant is not the participant's own."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0011_who_may_write"

SQL = r"""
-- Besides the rows' own policies. A professional writes a directive and its receipt with a code
-- told at a desk or by handing on; a facility's system, or who is not signed in, never does.
DO $$
DECLARE v_rule record;
BEGIN
  FOR v_rule IN SELECT * FROM (VALUES
      ('directive', 'INSERT', '{participant,professional,support,operator}'),
      ('receipt', 'INSERT', '{participant,professional,support,operator}'),
      ('participation', 'INSERT', '{participant,support,operator}'),
      ('residence', 'INSERT', '{participant}'),
      ('desk_code', 'SELECT', '{participant,professional}'),
      ('desk_code', 'INSERT', '{participant}'),
      ('desk_code', 'UPDATE', '{participant,professional}'),
      ('access_request', 'SELECT', '{participant,professional}'),
      ('access_request', 'INSERT', '{professional}'),
      ('access_request', 'UPDATE', '{participant}'),
      ('paper_consent', 'INSERT', '{support,operator}')
    ) AS rules(of_table, act, kinds) LOOP
    EXECUTE format('CREATE POLICY %I ON %I AS RESTRICTIVE FOR %s TO tsunagu_app %s
        ((SELECT app.kind()) = ANY (%L::text[]))',
      'kind_may_' || lower(v_rule.act), v_rule.of_table, v_rule.act,
      CASE v_rule.act WHEN 'INSERT' THEN 'WITH CHECK' ELSE 'USING' END, v_rule.kinds);
  END LOOP;
END $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "who may write what", SQL)
