"""The sealed log: entries, tiles, roots, checkpoints, head maps, and who writes them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0013_sealing"

SQL = r"""
-- What has been sealed: every row whose transaction `seen` shows as over. A snapshot, not a
-- highest id: a transaction that commits late is in the next one, and holds nobody else up. Ids
-- restart when a dump is restored elsewhere: a snapshot counts in its epoch and `cluster` only.
CREATE TABLE log_cursor (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  epoch integer NOT NULL,
  seen text NOT NULL,
  cluster bigint NOT NULL
);

-- The tree: 34 bytes each, by place. No two leaves are alike (docs/reference/access-log-format.md).
CREATE TABLE log_entry (
  idx bigint PRIMARY KEY CHECK (idx >= 0),
  entry bytea NOT NULL UNIQUE CHECK (length(entry) = 34 AND get_byte(entry, 0) = 1)
);
-- c2sp.org/tlog-tiles, height 8; hashes are random, so nobody tries to compress them.
CREATE TABLE log_tile (
  level smallint NOT NULL CHECK (level >= 0),
  idx bigint NOT NULL CHECK (idx >= 0),
  hashes bytea NOT NULL CHECK (length(hashes) BETWEEN 32 AND 8192 AND length(hashes) % 32 = 0),
  PRIMARY KEY (level, idx)
);
ALTER TABLE log_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE log_root (
  size bigint PRIMARY KEY CHECK (size >= 1),
  root bytea NOT NULL CHECK (length(root) = 32),
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
-- Invariant: a size is signed once, and only a root that was committed before.
CREATE TABLE log_checkpoint (
  size bigint PRIMARY KEY REFERENCES log_root,
  root bytea NOT NULL CHECK (length(root) = 32),
  note text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE log_cosignature (
  size bigint NOT NULL REFERENCES log_checkpoint,
  witness text NOT NULL,
  line text NOT NULL,
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (size, witness)
);
CREATE TABLE key_change (
  number integer PRIMARY KEY CHECK (number >= 1),
  note text NOT NULL,
  value bytea NOT NULL CHECK (length(value) = 32),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  epoch integer NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE TABLE head_map (
  number bigint PRIMARY KEY CHECK (number >= 1),
  at timestamptz NOT NULL,
  root bytea NOT NULL CHECK (length(root) = 32),
  participants bigint NOT NULL,
  value bytea NOT NULL CHECK (length(value) = 32),
  epoch integer NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
-- Of the newest two maps only: leaves with the number of events each counts, and the nodes above.
CREATE TABLE head_map_tile (
  map bigint NOT NULL REFERENCES head_map,
  level smallint NOT NULL CHECK (level >= 0),
  idx bigint NOT NULL CHECK (idx >= 0),
  hashes bytea NOT NULL,
  numbers bytea NOT NULL,
  PRIMARY KEY (map, level, idx)
);
ALTER TABLE head_map_tile ALTER COLUMN hashes SET STORAGE EXTERNAL;
CREATE TABLE fsck_run (
  run bigint PRIMARY KEY CHECK (run >= 1),
  kind text NOT NULL CHECK (kind IN ('fsck', 'restore-check')),
  started_at timestamptz NOT NULL,
  finished_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  size bigint NOT NULL,
  counts jsonb NOT NULL,
  findings jsonb NOT NULL
);
-- Leaves that a restore brought back without their events (34 bytes each, from a mirror).
CREATE TABLE log_gap (
  first bigint PRIMARY KEY REFERENCES log_entry,
  last bigint NOT NULL REFERENCES log_entry CHECK (last >= first),
  at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE TABLE witness_state (
  witness text PRIMARY KEY,
  url text NOT NULL,
  is_mirror boolean NOT NULL,
  size bigint NOT NULL DEFAULT 0,
  mirrored bigint NOT NULL DEFAULT 0,
  cosigned_at timestamptz,
  tried_at timestamptz,
  fault text,
  faulty_since timestamptz,
  evidence text
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['log_entry', 'log_root', 'log_checkpoint', 'log_cosignature',
      'key_change', 'head_map', 'log_gap', 'fsck_run'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
  END LOOP;
END $$;

-- A tile only ever grows at its end.
CREATE FUNCTION app.tile_grows() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' OR (NEW.level, NEW.idx) IS DISTINCT FROM (OLD.level, OLD.idx)
     OR substr(NEW.hashes, 1, length(OLD.hashes)) IS DISTINCT FROM OLD.hashes THEN
    RAISE EXCEPTION 'a tile only grows' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON log_tile
  FOR EACH ROW EXECUTE FUNCTION app.tile_grows();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON log_tile
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
ALTER TABLE log_tile ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE log_tile ENABLE ALWAYS TRIGGER append_only_truncate;

-- The sealer's role alone writes all this; it reads commits, heads, and (to check them) bodies and
-- keys, and appends no event. The application's role reads.
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['access_event', 'access_log_head', 'erasure_certificate',
      'keystore.participant_key'] LOOP
    EXECUTE format('CREATE POLICY sealing ON %s FOR SELECT TO tsunagu_sealer USING (true)',
      v_table);
  END LOOP;
END $$;

-- What certificates say is destroyed, destroyed once more: a restore may have brought it back.
CREATE FUNCTION access_log_erase_again(OUT keys bigint, OUT bodies bigint)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  WITH gone AS (
    DELETE FROM keystore.participant_key k USING access_log_head h
    WHERE h.participant_id = k.participant_id AND k.purpose = 'log' AND k.version < h.key_version
      AND EXISTS (SELECT FROM erasure_certificate c WHERE c.participant_id = k.participant_id)
    RETURNING 1)
  SELECT count(*) INTO keys FROM gone;
  WITH certified AS (
    SELECT participant_id, max(events) AS events FROM erasure_certificate GROUP BY 1
  ), emptied AS (
    UPDATE access_event e SET sealed = NULL FROM certified c
    WHERE e.participant_id = c.participant_id AND e.pseq <= c.events AND e.sealed IS NOT NULL
    RETURNING 1)
  SELECT count(*) INTO bodies FROM emptied;
END $$;
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
ALTER FUNCTION access_log_erase_again() OWNER TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
REVOKE EXECUTE ON FUNCTION access_log_erase_again() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_log_erase_again() TO tsunagu_sealer;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
GRANT USAGE ON SCHEMA keystore TO tsunagu_sealer;
GRANT SELECT ON access_event, system_event, access_log_head, erasure_certificate,
  keystore.tenant_key, keystore.participant_key TO tsunagu_sealer;
GRANT UPDATE (origin, epoch, halted_reason, halted_at) ON log_state TO tsunagu_sealer;
GRANT SELECT, INSERT ON log_entry, log_tile, log_root, log_checkpoint, log_cosignature, key_change,
  head_map, log_gap, fsck_run, log_cursor, witness_state TO tsunagu_sealer;
GRANT UPDATE (hashes) ON log_tile TO tsunagu_sealer;
GRANT UPDATE (epoch, seen, cluster) ON log_cursor TO tsunagu_sealer;
GRANT UPDATE (url, is_mirror, size, mirrored, cosigned_at, tried_at, fault, faulty_since,
  evidence)
  ON witness_state TO tsunagu_sealer;
GRANT SELECT, INSERT, DELETE ON head_map_tile TO tsunagu_sealer;
GRANT SELECT ON log_entry, log_tile, log_root, log_checkpoint, log_cosignature, key_change,
  head_map, head_map_tile, log_gap, fsck_run, witness_state TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "the sealed log", SQL)
