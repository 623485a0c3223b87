"""Participants take all of theirs out, and bring it in elsewhere: jobs, and whose turn it is."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0062_taking_out"

SQL = r"""
-- One taking out. Its files are on the disk and open by `file_key` alone, which goes when they are
-- over: no file without this row, no row that holds a file. `powers`: of the proxy who asked, who
-- may not see all that the participant may; NULL for the participant.
CREATE TABLE own_export (
  participant_id uuid NOT NULL REFERENCES participant,
  export_id uuid NOT NULL DEFAULT uuidv7(),
  account_id uuid NOT NULL DEFAULT app.account(),
  by_name text NOT NULL CHECK (length(by_name) <= 200),
  powers text[],
  is_shown_restricted boolean NOT NULL,
  is_safe boolean NOT NULL,
  locale text NOT NULL CHECK (locale ~ '^[a-z]{2}$'),
  forms text[] NOT NULL CHECK (forms <@ '{fhir,csv,pdf}' AND forms <> '{}'),
  requested_at timestamptz NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'running', 'done', 'cancelled', 'failed', 'expired')),
  worker uuid,
  leased_until timestamptz,
  attempts smallint NOT NULL DEFAULT 0,
  stage text NOT NULL DEFAULT '' CHECK (length(stage) <= 40),
  done integer NOT NULL DEFAULT 0,
  total integer NOT NULL DEFAULT 0,
  files jsonb NOT NULL DEFAULT '[]',
  file_key bytea CHECK (length(file_key) = 32),
  finished_at timestamptz,
  expires_at timestamptz,
  PRIMARY KEY (participant_id, export_id),
  CHECK ((state IN ('waiting', 'running')) = (finished_at IS NULL)),
  CHECK (state <> 'done' OR expires_at IS NOT NULL),
  CHECK (state IN ('waiting', 'running', 'done') OR file_key IS NULL)
);
CREATE UNIQUE INDEX own_export_one_at_a_time ON own_export (participant_id, account_id)
  WHERE state IN ('waiting', 'running');
CREATE INDEX own_export_open ON own_export (requested_at)
  WHERE state IN ('waiting', 'running', 'done');

-- One bringing in: what a file says is counted first, and stored once it is wished for.
CREATE TABLE own_import (
  participant_id uuid NOT NULL REFERENCES participant,
  import_id uuid NOT NULL DEFAULT uuidv7(),
  account_id uuid NOT NULL DEFAULT app.account(),
  by_name text NOT NULL CHECK (length(by_name) <= 200),
  powers text[],
  is_shown_restricted boolean NOT NULL,
  is_safe boolean NOT NULL,
  looked_at timestamptz NOT NULL DEFAULT now(),
  state text NOT NULL DEFAULT 'looked'
    CHECK (state IN ('looked', 'waiting', 'running', 'done', 'cancelled', 'failed', 'expired')),
  worker uuid,
  leased_until timestamptz,
  attempts smallint NOT NULL DEFAULT 0,
  counts jsonb NOT NULL,
  file_key bytea CHECK (length(file_key) = 32),
  finished_at timestamptz,
  PRIMARY KEY (participant_id, import_id),
  CHECK ((state IN ('looked', 'waiting', 'running')) = (file_key IS NOT NULL)),
  CHECK ((state IN ('looked', 'waiting', 'running')) = (finished_at IS NULL))
);
CREATE INDEX own_import_open ON own_import (looked_at)
  WHERE state IN ('looked', 'waiting', 'running');

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['own_export', 'own_import'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    -- Whose the files are: what a proxy took out is not the participant's, nor the other way.
    EXECUTE format('CREATE POLICY of_who_asked ON %I USING (participant_id =
      (SELECT app.subject()) AND account_id = (SELECT app.account())
      AND (SELECT app.kind()) = ''participant'')', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('CREATE POLICY lookup_takes ON %I FOR UPDATE TO tsunagu_lookup USING (true)',
      v_table);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO tsunagu_app', v_table);
  END LOOP;
END $$;
GRANT UPDATE (state, leased_until, stage, done, total, files, file_key, finished_at, expires_at)
  ON own_export TO tsunagu_app;
GRANT UPDATE (state, leased_until, counts, file_key, finished_at) ON own_import
  TO tsunagu_app;
GRANT SELECT, UPDATE (state, worker, leased_until, attempts, files, file_key, finished_at)
  ON own_export TO tsunagu_lookup;
GRANT SELECT, UPDATE (state, worker, leased_until, attempts, file_key, finished_at)
  ON own_import TO tsunagu_lookup;

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- For the service's own work alone: the next one that nobody is at, and in whose name it goes on.
CREATE FUNCTION own_export_take(p_worker uuid, p_seconds integer)
RETURNS TABLE (participant_id uuid, job_id uuid, account_id uuid, by_name text, powers text[],
  is_shown_restricted boolean, is_safe boolean, attempts smallint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE own_export e SET state = 'running', worker = p_worker, attempts = e.attempts + 1,
    leased_until = clock_timestamp() + make_interval(secs => p_seconds)
  FROM (SELECT n.participant_id, n.export_id FROM own_export n
    WHERE app.kind() = 'operator' AND n.state IN ('waiting', 'running') AND n.attempts < 4
      AND (n.leased_until IS NULL OR n.leased_until < clock_timestamp())
    ORDER BY n.requested_at LIMIT 1 FOR UPDATE SKIP LOCKED) due
  WHERE (e.participant_id, e.export_id) = (due.participant_id, due.export_id)
  RETURNING e.participant_id, e.export_id, e.account_id, e.by_name, e.powers,
    e.is_shown_restricted, e.is_safe, e.attempts
$$;
CREATE FUNCTION own_import_take(p_worker uuid, p_seconds integer)
RETURNS TABLE (participant_id uuid, job_id uuid, account_id uuid, by_name text, powers text[],
  is_shown_restricted boolean, is_safe boolean, attempts smallint)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE own_import e SET state = 'running', worker = p_worker, attempts = e.attempts + 1,
    leased_until = clock_timestamp() + make_interval(secs => p_seconds)
  FROM (SELECT n.participant_id, n.import_id FROM own_import n
    WHERE app.kind() = 'operator' AND n.state IN ('waiting', 'running') AND n.attempts < 4
      AND (n.leased_until IS NULL OR n.leased_until < clock_timestamp())
    ORDER BY n.looked_at LIMIT 1 FOR UPDATE SKIP LOCKED) due
  WHERE (e.participant_id, e.import_id) = (due.participant_id, due.import_id)
  RETURNING e.participant_id, e.import_id, e.account_id, e.by_name, e.powers,
    e.is_shown_restricted, e.is_safe, e.attempts
$$;
-- For the service's own work alone: ends what is over and destroys its keys, and says whose files
-- are still wanted. A file that was looked at and left waits an hour.
CREATE FUNCTION own_files_sweep() RETURNS SETOF uuid
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  UPDATE own_export SET state = 'expired', files = '[]', file_key = NULL
    WHERE app.kind() = 'operator' AND state = 'done' AND expires_at <= now();
  -- Given up: in whose name it went on may be asked for nothing any more.
  UPDATE own_export SET state = 'failed', file_key = NULL, finished_at = now()
    WHERE app.kind() = 'operator' AND state = 'running' AND attempts >= 4
      AND leased_until < clock_timestamp();
  UPDATE own_import SET state = 'failed', file_key = NULL, finished_at = now()
    WHERE app.kind() = 'operator' AND state = 'running' AND attempts >= 4
      AND leased_until < clock_timestamp();
  UPDATE own_import SET state = 'expired', file_key = NULL, finished_at = now()
    WHERE app.kind() = 'operator' AND state = 'looked' AND looked_at < now() - interval '1 hour';
  SELECT export_id FROM own_export
    WHERE app.kind() = 'operator' AND state IN ('waiting', 'running', 'done')
  UNION ALL
  SELECT import_id FROM own_import
    WHERE app.kind() = 'operator' AND state IN ('looked', 'waiting', 'running');
$$;
REVOKE EXECUTE ON FUNCTION own_export_take(uuid, integer), own_import_take(uuid, integer),
  own_files_sweep() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION own_export_take(uuid, integer), own_import_take(uuid, integer),
  own_files_sweep() TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "taking out and bringing in", SQL)
