"""What of a facility's SS-MIX2 storage was read, and which records each order became."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0033_ssmix2"

SQL = r"""
-- Each message by its name without the flag. `flags` are those it lay under when it was read last;
-- `remains` is what no record says: segments, and bytes that mean no character.
CREATE TABLE ssmix2_file (
  facility_id uuid NOT NULL REFERENCES facility,
  patient text NOT NULL,
  stem text NOT NULL,
  flags text NOT NULL CHECK (flags ~ '^0?1?2?$'),
  size bigint NOT NULL CHECK (size >= 0),
  modified_ns bigint NOT NULL,
  digest bytea NOT NULL CHECK (length(digest) = 32),
  state text NOT NULL
    CHECK (state IN ('stored', 'text', 'superseded', 'deleted', 'waiting', 'quarantined')),
  reason text NOT NULL DEFAULT '',
  detail text NOT NULL DEFAULT '',
  remains jsonb,
  quarantine_id uuid,
  read_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (facility_id, patient, stem),
  CHECK ((state IN ('waiting', 'quarantined')) = (reason <> '')),
  FOREIGN KEY (facility_id, quarantine_id) REFERENCES quarantine
);
CREATE INDEX ssmix2_file_waiting ON ssmix2_file (facility_id, patient) WHERE state = 'waiting';

-- What stands of one order of one participant. Of a version of a given time and flag nothing older
-- changes anything; `parts` and `record_ids` go together, also while nothing of it is shown.
CREATE TABLE ssmix2_order (
  participant_id uuid NOT NULL REFERENCES participant,
  facility_id uuid NOT NULL REFERENCES facility,
  patient text NOT NULL,
  on_date text NOT NULL,
  type text NOT NULL,
  order_number text NOT NULL,
  stamp text NOT NULL CHECK (stamp ~ '^[0-9]{17}$'),
  flag text NOT NULL CHECK (flag IN ('0', '1', '2')),
  digest bytea NOT NULL CHECK (length(digest) = 32),
  parts text[] NOT NULL,
  record_ids uuid[] NOT NULL CHECK (cardinality(parts) = cardinality(record_ids)),
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, facility_id, patient, on_date, type, order_number)
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['ssmix2_file', 'ssmix2_order'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_facility ON %I AS RESTRICTIVE
      USING (facility_id = (SELECT app.facility()))', v_table);
  END LOOP;
END $$;
-- Whoever runs the command, and nobody else: not the facility's own systems, no professional.
CREATE POLICY operators ON ssmix2_file USING ((SELECT app.kind()) = 'operator');
CREATE POLICY of_the_subject ON ssmix2_order
  USING (participant_id = (SELECT app.subject()) AND (SELECT app.kind()) = 'operator');
GRANT SELECT, INSERT ON ssmix2_file, ssmix2_order TO tsunagu_app;
GRANT UPDATE (flags, size, modified_ns, digest, state, reason, detail, remains, quarantine_id,
  read_at) ON ssmix2_file TO tsunagu_app;
GRANT UPDATE (stamp, flag, digest, parts, record_ids, changed_at) ON ssmix2_order TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "ssmix2", SQL)
