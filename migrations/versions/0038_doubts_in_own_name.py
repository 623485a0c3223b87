"""Doubts that officers decide in their own name alone."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0038_doubts_in_own_name"

SQL = r"""
-- Invariant: an officer decides, and looks at what another decided, in their own name alone.
CREATE OR REPLACE FUNCTION app.match_decided_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF OLD.decision IS NOT NULL
     AND (NEW.decision, NEW.reason, NEW.decided_by, NEW.decided_at, NEW.sent)
       IS DISTINCT FROM (OLD.decision, OLD.reason, OLD.decided_by, OLD.decided_at, OLD.sent) THEN
    RAISE EXCEPTION 'what was decided stays so' USING ERRCODE = '42501';
  END IF;
  IF OLD.decision IS NULL AND NEW.decided_by IS DISTINCT FROM app.account()
     AND NEW.decision IS NOT NULL THEN
    RAISE EXCEPTION 'nobody decides in the name of another' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "doubts in own name", SQL)
