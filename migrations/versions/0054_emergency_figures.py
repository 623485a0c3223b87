"""How often facilities opened records in an emergency in a quarter, of all participants."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0054_emergency_figures"

SQL = r"""
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['emergency_review_step', 'emergency_hold',
    'emergency_hold_confirmation'] LOOP
    EXECUTE format(
      'CREATE POLICY counted ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('GRANT SELECT ON %I TO tsunagu_lookup', v_table);
  END LOOP;
END $$;

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Openings that began in a quarter of Japan's calendar, counted by all that is published of each,
-- from the steps alone, as they stood two weeks after the quarter: it never changes from then on.
-- Before that day the support centre and auditors alone count, what there is so far. Of whom, by
-- whom and when is not said.
CREATE FUNCTION emergency_quarter(p_first date)
RETURNS TABLE (facility_id uuid, tier text, reason text, identification text, is_renewed boolean,
  is_by_officer boolean, is_held boolean, review text, is_overdue boolean, days integer,
  openings bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_since timestamptz := p_first::timestamp AT TIME ZONE 'Asia/Tokyo';
  v_until timestamptz := (p_first + interval '3 months') AT TIME ZONE 'Asia/Tokyo';
  v_as_of timestamptz := (p_first + interval '3 months 14 days') AT TIME ZONE 'Asia/Tokyo';
BEGIN
  IF p_first IS NULL OR extract(day FROM p_first) <> 1
     OR extract(month FROM p_first) NOT IN (1, 4, 7, 10) THEN
    RAISE EXCEPTION 'a quarter begins with January, April, July or October' USING ERRCODE = '22023';
  END IF;
  IF now() < v_as_of AND coalesce(app.kind() NOT IN ('support', 'auditor', 'operator'), true) THEN
    RAISE EXCEPTION 'the quarter is not published yet' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
    SELECT s.facility_id, CASE WHEN t.widened THEN 't2' ELSE 't1' END, s.reason, s.identification,
      t.renewed, t.by_officer,
      EXISTS (SELECT FROM emergency_hold h
        JOIN emergency_hold_confirmation c USING (participant_id, hold_id)
        WHERE h.participant_id = s.participant_id AND c.confirmed_at < v_as_of
          AND (h.session_id = s.session_id
            OR c.confirmed_at <= t.begins AND h.until_at > t.begins)),
      coalesce(r.found, 'pending'),
      coalesce(r.found_at, least(now(), v_as_of)) >= r.begins + interval '7 days',
      extract(day FROM r.found_at - r.begins)::integer, count(*)
    FROM emergency_session s
    JOIN LATERAL (
      SELECT min(e.recorded_at) FILTER (WHERE e.kind = 'activated') AS begins,
        bool_or(e.kind = 'widened') AS widened, bool_or(e.kind = 'renewed') AS renewed,
        bool_or(e.kind = 'activated' AND e.by_kind = 'support') AS by_officer
      FROM emergency_step e WHERE e.participant_id = s.participant_id
        AND e.session_id = s.session_id AND e.recorded_at < v_as_of
    ) t ON t.begins >= v_since AND t.begins < v_until
    JOIN LATERAL (
      SELECT min(e.recorded_at) FILTER (WHERE e.state = 'pending') AS begins,
        min(e.state) FILTER (WHERE e.state IN ('justified', 'not_justified')) AS found,
        min(e.recorded_at) FILTER (WHERE e.state IN ('justified', 'not_justified')) AS found_at
      FROM emergency_review_step e WHERE e.participant_id = s.participant_id
        AND e.session_id = s.session_id AND e.recorded_at < v_as_of
    ) r ON true
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;
END $$;
REVOKE EXECUTE ON FUNCTION emergency_quarter(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION emergency_quarter(date) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "emergency figures", SQL)
