"""After a destruction the worker writes the files of small tables anew, and no statistics keep
what identifies somebody."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0068_files_written_anew"

SQL = r"""
-- VACUUM FULL leaves nothing of a deleted row in a table's files. Whoever may do it reads nothing.
GRANT USAGE ON SCHEMA public, keystore TO tsunagu_worker;
GRANT MAINTAIN ON keystore.participant_key, emergency_card, registration, mail_address, push_token,
  push_subscription, national_identity, password, own_export, own_import, own_due, vital_sample,
  child_offer TO tsunagu_worker;

-- The planner's samples of a column are copies of its values, which outlive their rows: none is
-- taken of what opens something sealed, or says who somebody is and how they are reached.
DO $$
DECLARE v_place text[];
BEGIN
  FOREACH v_place SLICE 1 IN ARRAY ARRAY[
      ['keystore', 'participant_key', 'wrapped'], ['public', 'emergency_card', 'content'],
      ['public', 'registration', 'address'], ['public', 'registration', 'phone'],
      ['public', 'registration', 'email'], ['public', 'registration', 'family_doctor'],
      ['public', 'registration', 'insurance_symbol'],
      ['public', 'registration', 'insurance_number'],
      ['public', 'mail_address', 'address'], ['public', 'mail_address', 'wanted'],
      ['public', 'push_token', 'token'], ['public', 'push_token', 'device'],
      ['public', 'push_subscription', 'endpoint'], ['public', 'push_subscription', 'p256dh'],
      ['public', 'push_subscription', 'auth'], ['public', 'push_subscription', 'device'],
      ['public', 'national_identity', 'sub'], ['public', 'password', 'hash'],
      ['public', 'password', 'totp_sealed'], ['public', 'session', 'device'],
      ['public', 'passkey', 'name'], ['public', 'inbox_notice', 'params'],
      ['public', 'outbox', 'params'], ['public', 'own_export', 'by_name'],
      ['public', 'own_export', 'file_key'], ['public', 'own_import', 'by_name'],
      ['public', 'own_import', 'file_key'], ['public', 'record', 'title']] LOOP
    EXECUTE format('ALTER TABLE %I.%I ALTER COLUMN %I SET STATISTICS 0',
      v_place[1], v_place[2], v_place[3]);
    PERFORM pg_clear_attribute_stats(v_place[1], v_place[2], v_place[3], false);
  END LOOP;
END $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "files written anew", SQL)
