"""Who is active: administrators until they are let go, officers from their training on."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0026_account_holders"

SQL = r"""
-- Administrators and officers alike: an officer works from their training on, an administrator
-- until they are let go.
CREATE OR REPLACE VIEW app.account_holder WITH (security_invoker = true) AS
  SELECT a.account_id, a.kind, a.participant_id, a.professional_id,
         coalesce(p.facility_id, f.facility_id) AS facility_id, p.profession,
         coalesce(s.name, p.name, o.name, f.name) AS name,
         coalesce(p.is_active, o.is_active AND (a.kind <> 'support'
           OR coalesce(o.trained_on <= app.day_in_japan(now()), false)), f.is_active,
           a.kind = 'participant') AS is_active
  FROM account a
  LEFT JOIN participant s USING (participant_id)
  LEFT JOIN professional p USING (professional_id)
  LEFT JOIN officer o USING (officer_id)
  LEFT JOIN facility_administrator f USING (administrator_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "account holders", SQL)
