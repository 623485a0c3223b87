"""Accounts to be closed are gone through to the last, whatever holds the first of them back."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0075_closings_in_turn"

SQL = r"""
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
DROP FUNCTION closings_due(interval, integer);
-- For the service's own work alone: whose account is to be closed now, or soon and not said yet,
-- beginning after one.
CREATE FUNCTION closings_due(p_soon interval, p_after uuid, p_count integer)
RETURNS TABLE (participant_id uuid, account_id uuid, is_due boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT c.participant_id, c.account_id, c.ends_at <= now() FROM account_closing c
  WHERE app.kind() = 'operator' AND c.called_off_at IS NULL AND c.ended_at IS NULL
    AND (c.ends_at <= now() OR (c.reminded_at IS NULL AND c.ends_at <= now() + p_soon))
    AND (p_after IS NULL OR c.participant_id > p_after)
  ORDER BY c.participant_id LIMIT p_count
$$;
REVOKE EXECUTE ON FUNCTION closings_due(interval, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION closings_due(interval, uuid, integer) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "closings in turn", SQL)
