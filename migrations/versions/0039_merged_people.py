"""Whoever knows a merged person by the id they had before means who they are now."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0039_merged_people"

SQL = r"""
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- For whoever sends records of somebody by our id of them.
CREATE FUNCTION records_one_person(p_participant uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN app.facility() IS NOT NULL AND app.kind() IN ('system', 'operator')
    THEN app.one_person(p_participant) ELSE p_participant END
$$;
CREATE OR REPLACE FUNCTION records_patients_to_export(
  p_export uuid, p_after uuid, p_count integer)
RETURNS TABLE (participant_id uuid, patients integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH known AS (
    SELECT DISTINCT app.one_person(p.participant_id) AS person FROM facility_patient p
    WHERE p.facility_id = app.facility() AND app.kind() = 'system'
      AND EXISTS (SELECT FROM bulk_export b WHERE b.facility_id = app.facility()
        AND b.export_id = p_export AND b.state = 'running'))
  SELECT k.person, (SELECT count(*) FROM known)::integer FROM known k
  WHERE p_after IS NULL OR k.person > p_after
  ORDER BY k.person LIMIT p_count
$$;
REVOKE EXECUTE ON FUNCTION records_one_person(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records_one_person(uuid) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "merged people", SQL)
