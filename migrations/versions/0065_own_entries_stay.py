"""What somebody wrote themselves stays with the registration it was written under."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0065_own_entries_stay"

SQL = r"""
-- As before, but for what the other wrote themselves: it is sealed under their own key, and their
-- account goes on (decisions 0022 and 0033).
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
CREATE OR REPLACE FUNCTION records_take_over(p_merge uuid, p_closed uuid[], p_close_all boolean)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_merge participant_merge;
  v_count integer;
BEGIN
  SELECT * INTO v_merge FROM participant_merge m
    WHERE m.merge_id = p_merge AND m.participant_id = app.subject();
  IF v_merge IS NULL OR app.kind() IS NULL OR app.kind() NOT IN ('participant', 'support')
     OR app.is_proxy() OR app.merge_state(p_merge) <> 'accepted'
     OR app.kind() = 'support' AND NOT EXISTS (SELECT FROM participant_merge_step s
       WHERE s.merge_id = p_merge AND s.act = 'accepted' AND s.by_account = app.account())
     OR EXISTS (
       SELECT FROM participant_merge_record r WHERE r.merge_id = p_merge) THEN
    RAISE EXCEPTION 'nothing moves without a yes' USING ERRCODE = '42501';
  END IF;
  INSERT INTO participant_merge_record (participant_id, merge_id, record_id, version, sensitivity)
    SELECT v_merge.participant_id, p_merge, r.record_id, r.version, r.sensitivity FROM record r
    WHERE r.participant_id = v_merge.other_id AND r.resource_type <> 'Patient'
      AND r.source_facility_id <> app.self_source()
      AND NOT EXISTS (SELECT FROM record o JOIN record n
        USING (source_facility_id, resource_type, identifier_system, identifier_value)
        WHERE o.participant_id = v_merge.other_id AND o.record_id = r.record_id AND o.is_current
          AND n.participant_id = v_merge.participant_id AND n.is_current);
  WITH now_as AS (
      SELECT DISTINCT m.record_id, m.record_id AS now_id, true AS is_moved
        FROM participant_merge_record m WHERE m.merge_id = p_merge
      UNION ALL
      SELECT o.record_id, n.record_id, false FROM record o JOIN record n
        USING (source_facility_id, resource_type, identifier_system, identifier_value)
        WHERE o.participant_id = v_merge.other_id AND o.is_current
          AND n.participant_id = v_merge.participant_id AND n.is_current),
    moved AS (
      INSERT INTO participant_merge_part (participant_id, merge_id, document_id, record_id,
          document_now, record_now, is_named)
        SELECT v_merge.participant_id, p_merge, d.document_id, d.record_id, w.now_id, p.now_id,
          d.is_named
        FROM document_part d JOIN now_as w ON w.record_id = d.document_id
          JOIN now_as p ON p.record_id = d.record_id
        WHERE d.participant_id = v_merge.other_id AND (w.is_moved OR p.is_moved)
        RETURNING document_now, record_now, is_named)
    INSERT INTO document_part (participant_id, document_id, record_id, is_named)
      SELECT v_merge.participant_id, m.document_now, m.record_now, m.is_named FROM moved m
      ON CONFLICT DO NOTHING;
  DELETE FROM document_part d USING participant_merge_part m
    WHERE m.merge_id = p_merge AND d.participant_id = v_merge.other_id
      AND d.document_id = m.document_id AND d.record_id = m.record_id;
  UPDATE record r SET participant_id = v_merge.participant_id,
      sensitivity = CASE WHEN p_close_all OR r.record_id = ANY (p_closed)
          OR EXISTS (SELECT FROM participant_merge_part d WHERE d.merge_id = p_merge
            AND d.record_id = r.record_id
            AND (d.document_id = ANY (p_closed) OR d.document_now = ANY (p_closed))) THEN 2
        ELSE r.sensitivity END
    FROM participant_merge_record m
    WHERE m.merge_id = p_merge AND r.participant_id = v_merge.other_id
      AND r.record_id = m.record_id AND r.version = m.version;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "own entries stay", SQL)
