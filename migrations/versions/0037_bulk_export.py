"""A facility takes out what it may see of its own patients: jobs, and whose turn it is."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0037_bulk_export"

SQL = r"""
-- Deny by default: an operator says which system may.
ALTER TABLE system_client ADD COLUMN may_export boolean NOT NULL DEFAULT false;
GRANT UPDATE (may_export) ON system_client TO tsunagu_app;

-- One export. Up to `at_patient` everybody is done, and of the next one the records up to
-- `at_record`; of each file only `bytes` count, whatever is behind them on the disk.
CREATE TABLE bulk_export (
  facility_id uuid NOT NULL REFERENCES facility,
  export_id uuid NOT NULL DEFAULT uuidv7(),
  client_id text NOT NULL REFERENCES system_client,
  started_by text NOT NULL CHECK (started_by IN ('system', 'facility_admin')),
  by_name text NOT NULL CHECK (length(by_name) <= 200),
  professional_id uuid REFERENCES professional,
  profession text NOT NULL,
  purpose text NOT NULL CHECK (purpose ~ '^[A-Z]{1,20}$' AND purpose NOT IN ('ETREAT', 'BTG')),
  types text[] NOT NULL,
  since timestamptz,
  request_url text NOT NULL CHECK (length(request_url) <= 2000),
  requested_at timestamptz NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'running', 'done', 'cancelled', 'failed', 'expired')),
  worker uuid,
  leased_until timestamptz,
  attempts smallint NOT NULL DEFAULT 0,
  started_at timestamptz,
  patients integer NOT NULL DEFAULT 0,
  done integer NOT NULL DEFAULT 0,
  at_patient uuid,
  at_record uuid,
  files jsonb NOT NULL DEFAULT '[]',
  counts jsonb NOT NULL DEFAULT '{}',
  finished_at timestamptz,
  expires_at timestamptz,
  PRIMARY KEY (facility_id, export_id),
  CHECK ((state IN ('waiting', 'running')) = (finished_at IS NULL)),
  CHECK (state <> 'done' OR expires_at IS NOT NULL)
);
CREATE UNIQUE INDEX bulk_export_one_at_a_time ON bulk_export (facility_id)
  WHERE state IN ('waiting', 'running');

ALTER TABLE bulk_export ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_facility ON bulk_export USING (facility_id = (SELECT app.facility())
  AND (SELECT app.kind()) IN ('system', 'facility_admin'));
CREATE POLICY of_the_network ON bulk_export FOR SELECT
  USING ((SELECT app.kind()) IN ('support', 'operator'));
CREATE POLICY lookup ON bulk_export FOR SELECT TO tsunagu_lookup USING (true);
CREATE POLICY lookup_takes ON bulk_export FOR UPDATE TO tsunagu_lookup USING (true);
GRANT SELECT, INSERT ON bulk_export TO tsunagu_app;
GRANT UPDATE (state, worker, leased_until, attempts, patients, done, at_patient, at_record, files,
  counts, finished_at, expires_at) ON bulk_export TO tsunagu_app;
GRANT SELECT, UPDATE (state, worker, leased_until, attempts, started_at, files) ON bulk_export
  TO tsunagu_lookup;
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;

-- For the service's own work alone: the next job that nobody is at, and it is this worker's.
CREATE FUNCTION bulk_export_take(p_worker uuid, p_seconds integer)
RETURNS TABLE (facility_id uuid, export_id uuid)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE bulk_export b SET state = 'running', worker = p_worker, attempts = b.attempts + 1,
    leased_until = clock_timestamp() + make_interval(secs => p_seconds),
    started_at = coalesce(b.started_at, clock_timestamp())
  FROM (SELECT n.facility_id, n.export_id FROM bulk_export n
    WHERE app.kind() = 'operator' AND n.state IN ('waiting', 'running')
      AND (n.leased_until IS NULL OR n.leased_until < clock_timestamp())
    ORDER BY n.requested_at LIMIT 1 FOR UPDATE SKIP LOCKED) due
  WHERE (b.facility_id, b.export_id) = (due.facility_id, due.export_id)
  RETURNING b.facility_id, b.export_id
$$;

-- For the service's own work alone: ends what is over, and says whose files are still wanted.
CREATE FUNCTION bulk_export_sweep() RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE bulk_export SET state = 'expired', files = '[]'
    WHERE app.kind() = 'operator' AND state = 'done' AND expires_at <= now();
  SELECT export_id FROM bulk_export
    WHERE app.kind() = 'operator' AND state IN ('waiting', 'running', 'done');
$$;

-- Whom the facility knows by its own number, while it has an export running: ids alone, those after
-- `p_after`, each with how many there are in all.
CREATE FUNCTION records_patients_to_export(p_export uuid, p_after uuid, p_count integer)
RETURNS TABLE (participant_id uuid, patients integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.participant_id,
    (SELECT count(DISTINCT n.participant_id) FROM facility_patient n
      WHERE n.facility_id = app.facility())::integer
  FROM facility_patient p
  WHERE p.facility_id = app.facility() AND app.kind() = 'system'
    AND (p_after IS NULL OR p.participant_id > p_after)
    AND EXISTS (SELECT FROM bulk_export b WHERE b.facility_id = app.facility()
      AND b.export_id = p_export AND b.state = 'running')
  GROUP BY p.participant_id ORDER BY p.participant_id LIMIT p_count
$$;
REVOKE EXECUTE ON FUNCTION bulk_export_take(uuid, integer), bulk_export_sweep(),
  records_patients_to_export(uuid, uuid, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION bulk_export_take(uuid, integer), bulk_export_sweep(),
  records_patients_to_export(uuid, uuid, integer) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
CREATE INDEX facility_patient_of_facility ON facility_patient (facility_id, participant_id);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "bulk export", SQL)
