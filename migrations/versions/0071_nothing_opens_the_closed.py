"""No session and no app's grant for a closed account; one book of oneself for each participant."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0071_nothing_opens_the_closed"

SQL = r"""
GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- As before (0070); what opens an account, or says how its holder is reached, waits for a closing
-- that is being carried out, which holds the head of the log: nothing that was under way outlives
-- it. Whoever is tied to somebody else holds that one's head already, and does not wait.
CREATE OR REPLACE FUNCTION app.not_of_the_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_who uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
BEGIN
  IF TG_ARGV[0] = 'account_id' THEN
    SELECT a.participant_id INTO v_who FROM account a WHERE a.account_id = v_who;
  END IF;
  IF TG_TABLE_NAME NOT IN ('proxy', 'participation') THEN
    PERFORM FROM access_log_head h WHERE h.participant_id = v_who FOR UPDATE;
  END IF;
  IF app.is_closed(v_who) THEN
    RAISE EXCEPTION 'the account is closed' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
-- When the subject last came back after a closing: nothing of before is taken up again.
CREATE FUNCTION account_returned_at() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT max(c.returned_at) FROM account_closing c WHERE c.participant_id = app.subject()
$$;
REVOKE EXECUTE ON FUNCTION account_returned_at() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_returned_at() TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;

DO $$
DECLARE
  v_one text[];
BEGIN
  FOREACH v_one SLICE 1 IN ARRAY ARRAY[
      ['session', 'account_id'],
      ['app_grant', 'account_id'],
      ['mail_address', 'participant_id'],
      ['push_token', 'participant_id'],
      ['push_subscription', 'participant_id'],
      ['own_export', 'participant_id'],
      ['own_import', 'participant_id']] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE INSERT ON %I FOR EACH ROW
      EXECUTE FUNCTION app.not_of_the_closed(%L)', 'not_of_the_closed_' || v_one[2], v_one[1],
      v_one[2]);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', v_one[1],
      'not_of_the_closed_' || v_one[2]);
  END LOOP;
END $$;

-- A book of oneself is named by its own entry; whether a pregnancy goes on is sealed, and held by
-- the lock on the settings alone.
CREATE UNIQUE INDEX record_one_own_book ON record (participant_id)
  WHERE is_current AND identifier_system = 'urn:tsunagu:own'
    AND identifier_value LIKE 'own-child:%'
    AND split_part(identifier_value, ':', 2) = split_part(identifier_value, ':', 3);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "nothing opens the closed", SQL)
