"""When a facility last looked, so that what arrived since can be said to be new to it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0064_last_look"

SQL = r"""
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;

-- The last look of the asking professional's own facility, at a page, before this moment: nothing
-- else of the log is told. Among the newest 2,000 events of two years, so that it stays cheap.
CREATE FUNCTION access_log_last_look(p_before timestamptz) RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'professional' OR app.facility() IS NULL THEN
    RAISE EXCEPTION 'professionals ask when their own facility looked' USING ERRCODE = '42501';
  END IF;
  RETURN (SELECT e.at FROM access_log_head h
    JOIN access_event e ON e.participant_id = h.participant_id
      AND e.pseq BETWEEN h.last_pseq - 2000 AND h.last_pseq
    WHERE h.participant_id = app.subject() AND e.facility_id = app.facility()
      AND e.event = 'records:record:read' AND e.outcome = 'permitted'
      AND e.actor_kind = 'professional'
      AND e.at < p_before AND e.at > p_before - interval '2 years'
    ORDER BY e.pseq DESC LIMIT 1);
END $$;
REVOKE EXECUTE ON FUNCTION access_log_last_look(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_log_last_look(timestamptz) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "last look", SQL)
