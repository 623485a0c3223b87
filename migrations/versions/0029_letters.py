"""A letter with a code, printed at the counter, has two officers behind it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0029_letters"

SQL = r"""
CREATE POLICY lookup ON counter_visit FOR SELECT TO tsunagu_lookup USING (true);
GRANT SELECT ON counter_visit TO tsunagu_lookup;
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Whether another officer too identified the subject within a day, each sees only their own visits.
CREATE FUNCTION support_identified_by_another() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'support' THEN
    RAISE EXCEPTION 'the support centre alone identifies' USING ERRCODE = '42501';
  END IF;
  RETURN EXISTS (SELECT FROM counter_visit v WHERE v.participant_id = app.subject()
    AND v.officer <> app.account() AND v.opened_at > now() - interval '1 day');
END $$;
REVOKE EXECUTE ON FUNCTION support_identified_by_another() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION support_identified_by_another() TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;

-- Invariant: no officer alone holds what opens an account. A code for a participant comes of a form
-- that the acting officer has just confirmed, or of two who identified its holder.
CREATE POLICY two_officers ON activation_code AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (CASE WHEN (SELECT app.kind()) = 'support'
    THEN EXISTS (SELECT FROM paper_enrolment p WHERE p.became = activation_code.participant_id
        AND p.settled_by = (SELECT app.account()) AND p.settled_at = now())
      OR (SELECT support_identified_by_another())
    ELSE true END);
CREATE POLICY opened_now ON counter_visit AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (opened_at = now());
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "letters", SQL)
