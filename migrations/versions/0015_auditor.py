"""The auditor: an account of its own kind, and the columns of all events that searches go by."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0015_auditor"

SQL = r"""
ALTER TABLE account DROP CONSTRAINT account_kind_check;
ALTER TABLE account ADD CONSTRAINT account_kind_check
  CHECK (kind IN ('participant', 'professional', 'support', 'auditor'));

-- For auditors alone: when, what, by whom, from where and why, of everybody's events and of those
-- that concern nobody; never a body. Newest first, within [p_since, p_until).
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
CREATE FUNCTION access_log_audit(
  p_since timestamptz, p_until timestamptz, p_before timestamptz, p_before_eid uuid,
  p_limit integer)
RETURNS TABLE (participant_id uuid, pseq bigint, eid uuid, at timestamptz, event text, outcome text,
  actor_kind text, actor_id uuid, facility_id uuid, purpose_of_use text, commit bytea)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'auditor' THEN
    RAISE EXCEPTION 'auditors alone look across participants' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
    SELECT * FROM (
      SELECT e.participant_id, e.pseq, e.eid, e.at, e.event, e.outcome, e.actor_kind, e.actor_id,
        e.facility_id, e.purpose_of_use, e.commit
      FROM access_event e WHERE e.at >= p_since AND e.at < p_until
      UNION ALL
      SELECT NULL, NULL, s.eid, s.at, s.event, s.outcome, s.actor_kind, s.actor_id,
        s.facility_id, NULL, s.commit
      FROM system_event s WHERE s.at >= p_since AND s.at < p_until
    ) AS both_logs
    WHERE p_before IS NULL OR (both_logs.at, both_logs.eid) < (p_before, p_before_eid)
    ORDER BY both_logs.at DESC, both_logs.eid DESC LIMIT least(p_limit, 201);
END $$;
REVOKE EXECUTE ON FUNCTION
  access_log_audit(timestamptz, timestamptz, timestamptz, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  access_log_audit(timestamptz, timestamptz, timestamptz, uuid, integer) TO tsunagu_app;
CREATE FUNCTION access_log_began_at() RETURNS timestamptz
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'auditor' THEN
    RAISE EXCEPTION 'auditors alone look across participants' USING ERRCODE = '42501';
  END IF;
  RETURN (SELECT least((SELECT min(e.at) FROM access_event e),
    (SELECT min(s.at) FROM system_event s)));
END $$;
REVOKE EXECUTE ON FUNCTION access_log_began_at() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_log_began_at() TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "the auditor", SQL)
