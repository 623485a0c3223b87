"""By which edition of the rules a day of somebody's books was worked out."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0072_due_by_rules"

SQL = r"""
-- Of days noted before, nobody knows by which: they are worked out anew.
ALTER TABLE own_due ADD COLUMN rules text NOT NULL DEFAULT '' CHECK (length(rules) <= 60);
CREATE INDEX own_due_rules ON own_due (kind, rules, participant_id);
GRANT INSERT (rules), UPDATE (rules) ON own_due TO tsunagu_app;

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Who has a day that other rules gave than those named, kind by kind: whose, and no more.
CREATE FUNCTION phr_due_by_other_rules(
  p_kinds text[], p_rules text[], p_after uuid, p_count integer
) RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RAISE EXCEPTION 'for the service''s own work alone' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY SELECT DISTINCT d.participant_id
    FROM unnest(p_kinds, p_rules) AS now_holds (kind, rules)
    JOIN own_due d ON d.kind = now_holds.kind
      AND (d.rules < now_holds.rules OR d.rules > now_holds.rules)
    WHERE p_after IS NULL OR d.participant_id > p_after
    ORDER BY d.participant_id LIMIT p_count;
END $$;
REVOKE EXECUTE ON FUNCTION phr_due_by_other_rules(text[], text[], uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phr_due_by_other_rules(text[], text[], uuid, integer) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "due by rules", SQL)
