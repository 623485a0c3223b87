"""A notice whose end of waiting moves has its job moved with it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0055_moved_notices"

SQL = r"""
GRANT UPDATE (execute_after) ON jobs.pgqueuer TO tsunagu_lookup;
GRANT CREATE ON SCHEMA app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- In the officer's own transaction: what they refuse to hold is told at once, not when it would
-- have been.
CREATE FUNCTION app.queue_moved_notices() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE jobs.pgqueuer SET execute_after = greatest(now(), NEW.not_before)
  WHERE status = 'queued'
    AND dedupe_key = 'notice/' || NEW.participant_id::text || '/' || NEW.notice_id::text;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION app.queue_moved_notices() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.queue_moved_notices() TO tsunagu_owner;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA app FROM tsunagu_lookup;
CREATE TRIGGER is_queued_anew AFTER UPDATE OF not_before ON outbox
  FOR EACH ROW WHEN (NEW.not_before IS DISTINCT FROM OLD.not_before)
  EXECUTE FUNCTION app.queue_moved_notices();
ALTER TABLE outbox ENABLE ALWAYS TRIGGER is_queued_anew;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "moved notices", SQL)
