"""What lies in quarantine keeps what its request asked; an export knows whom it holds and why."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0041_sendings_whole"

SQL = r"""
-- Which record was meant, and on what condition: delivered later it must do what was asked. NULL
-- for what came before this column.
ALTER TABLE quarantine ADD COLUMN asked jsonb;

-- Whom an export holds, and under which filter they were read: a hash, that what they chose stays
-- theirs. It stands until their policy moves, or `holds_until`; then it is decided again.
CREATE TABLE bulk_export_person (
  participant_id uuid NOT NULL REFERENCES participant,
  facility_id uuid NOT NULL,
  export_id uuid NOT NULL,
  seen_under bytea NOT NULL CHECK (length(seen_under) = 32),
  policy_version bigint NOT NULL,
  holds_until timestamptz,
  PRIMARY KEY (participant_id, facility_id, export_id),
  FOREIGN KEY (facility_id, export_id) REFERENCES bulk_export
);
CREATE INDEX bulk_export_person_of_export ON bulk_export_person (facility_id, export_id);
ALTER TABLE bulk_export_person ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_facility ON bulk_export_person USING (facility_id = (SELECT app.facility())
  AND participant_id = (SELECT app.subject()) AND (SELECT app.kind()) = 'system');
CREATE POLICY lookup ON bulk_export_person FOR SELECT TO tsunagu_lookup USING (true);
CREATE POLICY lookup_clears ON bulk_export_person FOR DELETE TO tsunagu_lookup USING (true);
GRANT SELECT, INSERT, UPDATE (policy_version, holds_until) ON bulk_export_person TO tsunagu_app;
GRANT SELECT, DELETE ON bulk_export_person TO tsunagu_lookup;
-- Set once somebody in it may no longer be seen as they were.
ALTER TABLE bulk_export ADD COLUMN outdated_at timestamptz;
GRANT UPDATE (outdated_at) ON bulk_export TO tsunagu_app;
GRANT UPDATE (at_patient, at_record, done) ON bulk_export TO tsunagu_lookup;
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Of those made before nobody knows whom they hold: what is done is over, what runs begins again.
UPDATE bulk_export SET state = 'expired', files = '[]' WHERE state = 'done';
UPDATE bulk_export SET at_patient = NULL, at_record = NULL, done = 0, files = '[]',
  leased_until = NULL, worker = NULL, state = 'waiting' WHERE state = 'running';

-- For the facility whose export it is: whom it holds that have to be decided again. `is_known`:
-- by a number of the facility still.
CREATE FUNCTION bulk_export_to_decide(p_export uuid)
RETURNS TABLE (participant_id uuid, is_known boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH known AS (
    SELECT DISTINCT app.one_person(p.participant_id) AS person FROM facility_patient p
    WHERE p.facility_id = app.facility())
  SELECT e.participant_id, k.person IS NOT NULL
  FROM bulk_export_person e LEFT JOIN known k ON k.person = e.participant_id
    LEFT JOIN access_log_head h ON h.participant_id = e.participant_id
  WHERE e.facility_id = app.facility() AND app.kind() = 'system' AND e.export_id = p_export
    AND (k.person IS NULL OR coalesce(h.policy_version, 0) <> e.policy_version
      OR e.holds_until <= clock_timestamp())
$$;

CREATE OR REPLACE FUNCTION bulk_export_sweep() RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE bulk_export SET state = 'expired', files = '[]'
    WHERE app.kind() = 'operator' AND state = 'done' AND expires_at <= now();
  DELETE FROM bulk_export_person e USING bulk_export b
    WHERE app.kind() = 'operator' AND b.facility_id = e.facility_id AND b.export_id = e.export_id
      AND b.state NOT IN ('waiting', 'running', 'done');
  SELECT export_id FROM bulk_export
    WHERE app.kind() = 'operator' AND state IN ('waiting', 'running', 'done');
$$;
REVOKE EXECUTE ON FUNCTION bulk_export_to_decide(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bulk_export_to_decide(uuid) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE UPDATE (at_patient, at_record, done) ON bulk_export FROM tsunagu_lookup;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "sendings whole", SQL)
