"""An operator looks after officers and auditors as after facilities' administrators."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0043_officers"

SQL = r"""
CREATE POLICY of_officers ON account FOR SELECT
  USING ((SELECT app.kind()) = 'operator' AND kind IN ('support', 'auditor'));

GRANT CREATE ON SCHEMA app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Whether the transaction's actor looks after this account: a facility administrator after their
-- own facility's professionals, an operator after administrators, officers and auditors.
CREATE OR REPLACE FUNCTION app.looks_after(p_account uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM app.account_holder h WHERE h.account_id = p_account AND (
    (app.kind() = 'facility_admin' AND h.kind = 'professional' AND h.facility_id = app.facility())
    OR (app.kind() = 'operator' AND h.kind IN ('facility_admin', 'support', 'auditor'))))
$$;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA app FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "officers", SQL)
