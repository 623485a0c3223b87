"""Which entries came from a device, and when each was last settled there."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0060_vital_samples"

SQL = r"""
-- The entry's id is made of the device's own name for a sample, so a row says that it came, and
-- goes on saying so when its entry is removed: what was removed is not brought back by a phone that
-- still has it. Nothing of what was measured stands here.
CREATE TABLE vital_sample (
  participant_id uuid NOT NULL REFERENCES participant,
  entry_id uuid NOT NULL,
  edited_at timestamptz NOT NULL,
  PRIMARY KEY (participant_id, entry_id)
);
ALTER TABLE vital_sample ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON vital_sample USING (participant_id = (SELECT app.subject()));
CREATE POLICY kind_may ON vital_sample AS RESTRICTIVE TO tsunagu_app
  USING ((SELECT app.kind()) = 'participant');
GRANT SELECT, INSERT, UPDATE (edited_at) ON vital_sample TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "vital samples", SQL)
