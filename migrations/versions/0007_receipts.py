"""Receipts: what each version of the settings said, signed, for the participant to keep."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0007_receipts"

SQL = r"""
-- Invariant: written in the transaction of the version it is for, by api/consent/service.
CREATE TABLE receipt (
  participant_id uuid NOT NULL,
  version integer NOT NULL,
  kid text NOT NULL,
  jws text NOT NULL CHECK (jws ~ '^[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+[.][A-Za-z0-9_-]+$'),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, version),
  FOREIGN KEY (participant_id, version) REFERENCES directive
);
ALTER TABLE receipt ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON receipt USING (participant_id = (SELECT app.subject()));
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON receipt
  FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON receipt
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
ALTER TABLE receipt ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE receipt ENABLE ALWAYS TRIGGER append_only_truncate;
GRANT SELECT, INSERT ON receipt TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "receipts", SQL)
