"""Days on which something of somebody's own books comes due, and telling it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0059_own_due"

SQL = r"""
-- Written beside the entries, which lie sealed: a day, of which kind and book, and no more. It says
-- neither which vaccine nor which child.
CREATE TABLE own_due (
  participant_id uuid NOT NULL REFERENCES participant,
  kind text NOT NULL CHECK (kind IN ('immunization', 'checkup', 'visit')),
  book text NOT NULL CHECK (length(book) <= 40),
  due_on date NOT NULL,
  why text NOT NULL CHECK (why IN ('opens', 'ends')),
  told_at timestamptz,
  PRIMARY KEY (participant_id, kind, book, due_on, why)
);
CREATE INDEX own_due_untold ON own_due (due_on) WHERE told_at IS NULL;
ALTER TABLE own_due ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON own_due USING (participant_id = (SELECT app.subject()));
CREATE POLICY lookup ON own_due TO tsunagu_lookup USING (true);
CREATE POLICY participants ON own_due AS RESTRICTIVE TO tsunagu_app
  USING ((SELECT app.kind()) = 'participant');
GRANT SELECT, DELETE, INSERT (participant_id, kind, book, due_on, why) ON own_due TO tsunagu_app;
GRANT SELECT, UPDATE (told_at) ON own_due TO tsunagu_lookup;

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- What became due in the last seven days: told once, several of a kind in one notice. Answers how
-- many notices were made. Who does not take part is told nothing.
CREATE FUNCTION notices_remind_due(p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_today date := app.day_in_japan(p_now);
  v_told integer;
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RAISE EXCEPTION 'for the service''s own work alone' USING ERRCODE = '42501';
  END IF;
  WITH now_due AS (
    UPDATE own_due d SET told_at = p_now
    WHERE d.told_at IS NULL AND d.due_on <= v_today AND d.due_on > v_today - 7
      AND (SELECT p.state FROM participation p WHERE p.participant_id = d.participant_id
        ORDER BY p.version DESC LIMIT 1) NOT IN ('refused', 'withdrawn')
    RETURNING d.participant_id, CASE d.kind WHEN 'immunization' THEN 'immunisation_due'
      ELSE 'checkup_due' END AS event
  ), told AS (
    INSERT INTO outbox (participant_id, event, params, channel)
    SELECT DISTINCT participant_id, event, '{}'::jsonb, 'inbox' FROM now_due
    RETURNING 1
  )
  SELECT count(*) INTO v_told FROM told;
  RETURN v_told;
END $$;
REVOKE EXECUTE ON FUNCTION notices_remind_due(timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notices_remind_due(timestamptz) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "own due", SQL)
