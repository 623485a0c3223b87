"""Whoever enters is entered by an operator or by two officers; an account is one's own."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0030_who_enters"

SQL = r"""
-- Invariant: a participant or a card that the support centre enters comes of a form on paper that
-- the acting officer confirmed in this very transaction, after another one typed it.
CREATE FUNCTION app.entered_by_two() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() = 'support' AND NOT EXISTS (SELECT FROM paper_enrolment p
      WHERE p.became = NEW.participant_id AND p.settled_by = app.account()
        AND p.settled_at = now()) THEN
    RAISE EXCEPTION 'two officers stand behind whoever enters' USING ERRCODE = '42501';
  END IF;
  RETURN NULL;
END $$;
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['participant', 'card'] LOOP
    EXECUTE format('CREATE POLICY kind_may_insert ON %I AS RESTRICTIVE FOR INSERT TO tsunagu_app
      WITH CHECK ((SELECT app.kind()) IN (''operator'', ''support''))', v_table);
    EXECUTE format('CREATE CONSTRAINT TRIGGER entered_by_two AFTER INSERT ON %I
      DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.entered_by_two()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER entered_by_two', v_table);
  END LOOP;
END $$;

-- Who makes a key becomes themselves: no context of a participant opens an account of staff.
CREATE POLICY of_whose_kind ON account AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (CASE (SELECT app.kind())
    WHEN 'operator' THEN true
    WHEN 'facility_admin' THEN kind = 'professional'
    WHEN 'participant' THEN kind = 'participant' AND participant_id = (SELECT app.subject())
    ELSE false END);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "who enters", SQL)
