"""Two officers stand behind a code and a participant, whatever code asks; and who has a key."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0027_two_officers"

SQL = r"""
-- Invariant: a code from the counter is made by a second officer, in their own name, once; its
-- participant only uses it.
CREATE POLICY started_alone ON counter_recovery AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (num_nonnulls(confirmed_by, confirmed_at, code_hmac, code_expires_at, used_at) = 0);
CREATE FUNCTION app.confirmed_by_an_officer() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF (NEW.confirmed_by, NEW.confirmed_at, NEW.code_hmac, NEW.code_expires_at)
     IS DISTINCT FROM (OLD.confirmed_by, OLD.confirmed_at, OLD.code_hmac, OLD.code_expires_at)
     AND (OLD.confirmed_at IS NOT NULL OR app.kind() IS DISTINCT FROM 'support') THEN
    RAISE EXCEPTION 'a second officer confirms, once' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER confirmed_by_an_officer BEFORE UPDATE ON counter_recovery
  FOR EACH ROW EXECUTE FUNCTION app.confirmed_by_an_officer();
ALTER TABLE counter_recovery ENABLE ALWAYS TRIGGER confirmed_by_an_officer;

-- Who saw which scan goes by these two times: neither is chosen by who writes the row.
CREATE POLICY attached_now ON enrolment_scan AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (attached_at BETWEEN now() AND clock_timestamp());
CREATE POLICY looked_now ON enrolment_scan_look AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (looked_at BETWEEN now() AND clock_timestamp());

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- A key is a passkey, a My Number card or a password: no code on paper is made beside one.
CREATE OR REPLACE FUNCTION identity_subject_has_key() RETURNS boolean
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  RETURN EXISTS (SELECT FROM account a
    WHERE a.participant_id = app.subject() AND identity_has_key(a.account_id));
END $$;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "two officers", SQL)
