"""Records, submissions and their quarantine, and the one function clinicians read through."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0004_records"

SQL = r"""
CREATE TABLE facility_patient (
  participant_id uuid NOT NULL REFERENCES participant,
  facility_id uuid NOT NULL REFERENCES facility,
  local_id text NOT NULL CHECK (length(local_id) BETWEEN 1 AND 64),
  linked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, facility_id, local_id),
  UNIQUE (facility_id, local_id)
);
CREATE TABLE record (
  participant_id uuid NOT NULL REFERENCES participant,
  record_id uuid NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  is_current boolean NOT NULL DEFAULT true,
  resource_type text NOT NULL,
  category text NOT NULL,
  sensitivity smallint NOT NULL CHECK (sensitivity BETWEEN 0 AND 2),
  source_facility_id uuid NOT NULL REFERENCES facility,
  effective_on date NOT NULL,
  effective_at timestamptz,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  marks text[] NOT NULL DEFAULT '{}',
  -- 未告知 and 未提供 never reach the participant's side (JP_ehrshrs_indication).
  is_told boolean GENERATED ALWAYS AS (NOT marks && '{UNINFORMED,UNDELIVERED}'::text[]) STORED,
  identifier_system text,
  identifier_value text,
  title text NOT NULL,
  body text NOT NULL,
  PRIMARY KEY (participant_id, record_id, version)
);
CREATE INDEX record_to_read ON record (participant_id, resource_type) WHERE is_current;
CREATE UNIQUE INDEX record_current ON record (participant_id, record_id) WHERE is_current;
CREATE INDEX record_by_id ON record (record_id) WHERE is_current;
CREATE UNIQUE INDEX record_by_identifier
  ON record (participant_id, source_facility_id, resource_type, identifier_system, identifier_value)
  WHERE is_current AND identifier_value IS NOT NULL;

CREATE TABLE submission (
  facility_id uuid NOT NULL REFERENCES facility,
  submission_id uuid NOT NULL DEFAULT uuidv7(),
  name text NOT NULL,
  stored integer NOT NULL CHECK (stored >= 0),
  quarantined integer NOT NULL CHECK (quarantined >= 0),
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (facility_id, submission_id)
);
CREATE TABLE quarantine (
  facility_id uuid NOT NULL REFERENCES facility,
  quarantine_id uuid NOT NULL DEFAULT uuidv7(),
  submission_id uuid NOT NULL,
  name text NOT NULL,
  reason text NOT NULL,
  detail jsonb NOT NULL,
  body bytea NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (facility_id, quarantine_id),
  FOREIGN KEY (facility_id, submission_id) REFERENCES submission
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['facility_patient', 'record'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['submission', 'quarantine'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_facility ON %I
      USING (facility_id = (SELECT app.facility()))', v_table);
  END LOOP;
END $$;
CREATE POLICY lookup ON facility_patient FOR SELECT TO tsunagu_lookup USING (true);
GRANT SELECT ON facility_patient TO tsunagu_lookup;
GRANT SELECT, INSERT ON facility_patient, record, submission, quarantine TO tsunagu_app;
GRANT UPDATE (is_current) ON record TO tsunagu_app;

CREATE FUNCTION records_participant_of_local_id(p_facility_id uuid, p_local_id text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT participant_id FROM facility_patient
  WHERE facility_id = p_facility_id AND facility_id = app.facility() AND local_id = p_local_id
$$;
CREATE FUNCTION records_participant_of_record(p_record_id uuid) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT participant_id FROM record WHERE record_id = p_record_id AND is_current
$$;
CREATE POLICY lookup ON record FOR SELECT TO tsunagu_lookup USING (true);
GRANT SELECT (participant_id, record_id, is_current) ON record TO tsunagu_lookup;
ALTER FUNCTION records_participant_of_local_id(uuid, text) OWNER TO tsunagu_lookup;
ALTER FUNCTION records_participant_of_record(uuid) OWNER TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
REVOKE EXECUTE ON FUNCTION records_participant_of_local_id(uuid, text),
  records_participant_of_record(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records_participant_of_local_id(uuid, text),
  records_participant_of_record(uuid) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;

-- The one filter every read goes through: what the decision core said, as rows. Inlined into its
-- callers, so it costs no call; it runs under their row security.
CREATE FUNCTION app.permitted_records(
  p_subject uuid, p_facility uuid, p_types text[], p_record uuid, p_categories text[],
  p_source_permitted text[], p_source_denied text[], p_level integer, p_data_from date,
  p_sees_own boolean)
RETURNS SETOF public.record LANGUAGE sql STABLE AS $$
  SELECT * FROM public.record r
  WHERE r.participant_id = p_subject AND r.is_current
    AND (p_record IS NULL OR r.record_id = p_record)
    AND (p_types = '{}' OR r.resource_type = ANY (p_types))
    AND ((((r.category = ANY (p_categories) AND (p_source_denied = '{}'
             OR r.source_facility_id || '/' || r.category <> ALL (p_source_denied)))
           OR (p_source_permitted <> '{}'
             AND r.source_facility_id || '/' || r.category = ANY (p_source_permitted)))
          AND r.sensitivity <= p_level
          AND (p_data_from IS NULL OR r.effective_on >= p_data_from))
         OR (p_sees_own AND r.source_facility_id = p_facility))
$$;

-- Decide, read and append in one transaction (access-log flow 1). The caller decided from the
-- policy of p_policy_version and a requester of p_standing (revisions of facility and person);
-- under the head's lock both are checked to be in force still, and nothing is read when they are
-- not ('stale'). No row leaves without its log row: both commit,
-- or neither. p_form: 'bundle' (FHIR entries), 'timeline' (JSON list for the portal).
CREATE FUNCTION records_read(
  p_context text, p_form text, p_types text[], p_record uuid, p_standing text,
  p_policy_version bigint,
  p_categories text[], p_source_permitted text[], p_source_denied text[],
  p_level integer, p_data_from date, p_sees_own boolean, p_before uuid, p_count integer,
  p_base_url text, p_event text, p_outcome text, p_detail text, p_own_detail text,
  OUT status text, OUT entries text, OUT total integer, OUT shown integer, OUT last_id uuid,
  OUT pseq bigint, OUT at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_context text[];
  v_subject uuid;
  v_facility uuid;
  v_standing text;
  v_told jsonb;
  v_detail jsonb;
  v_untold jsonb;
  v_ids text;
BEGIN
  v_context := app.enter_call(p_context, sha256(convert_to(concat_ws('|', p_form,
    array_to_string(p_types, ','), coalesce(p_record::text, ''), p_standing,
    p_policy_version, array_to_string(p_categories, ','),
    array_to_string(p_source_permitted, ','), array_to_string(p_source_denied, ','), p_level,
    coalesce(to_char(p_data_from, 'YYYY-MM-DD'), ''), p_sees_own::text,
    coalesce(p_before::text, ''), p_count, p_base_url, p_event, p_outcome, p_detail,
    p_own_detail), 'UTF8')));
  v_subject := nullif(v_context[4], '')::uuid;
  v_facility := nullif(v_context[5], '')::uuid;
  SELECT f.revision || '.' || coalesce(p.revision, 0) INTO v_standing
    FROM facility f LEFT JOIN professional p
      ON p.professional_id = nullif(v_context[6], '')::uuid
    WHERE f.facility_id = v_facility;
  IF v_standing IS NOT DISTINCT FROM p_standing THEN
    UPDATE access_log_head h SET last_pseq = last_pseq + 1
      WHERE h.participant_id = v_subject AND h.policy_version = p_policy_version
      RETURNING h.last_pseq INTO records_read.pseq;
  END IF;
  IF records_read.pseq IS NULL THEN
    status := 'stale';
    RETURN;
  END IF;
  status := 'read';
  SELECT sum(g.shown), string_agg(g.entries, ','),
      coalesce(jsonb_agg(g.line) FILTER (WHERE g.is_told), '[]'),
      coalesce(jsonb_agg(g.line) FILTER (WHERE NOT g.is_told), '[]'),
      string_agg(g.ids, ',')
    INTO shown, entries, v_told, v_untold, v_ids
    FROM (
      SELECT p.is_told, count(*) AS shown, string_agg(p.record_id::text, ',') AS ids,
        string_agg('{"fullUrl":"' || p_base_url || '/' || p.resource_type || '/' || p.record_id
          || '","resource":' || p.body || ',"search":{"mode":"match"}}', ',') AS entries,
        jsonb_build_object('type', p.resource_type, 'category', p.category, 'count', count(*))
          AS line
      FROM (
        SELECT r.record_id, r.resource_type, r.category, r.is_told, r.body
        FROM app.permitted_records(v_subject, v_facility, p_types, p_record, p_categories,
          p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own) r
        WHERE p_before IS NULL OR r.record_id < p_before
        ORDER BY r.record_id DESC LIMIT p_count
      ) p
      GROUP BY p.is_told, p.resource_type, p.category
    ) g;
  shown := coalesce(shown, 0);
  total := shown;
  IF shown = p_count OR p_before IS NOT NULL THEN
    SELECT count(*) INTO total FROM app.permitted_records(v_subject, v_facility, p_types, p_record,
      p_categories, p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own);
    SELECT min(id)::uuid INTO last_id FROM unnest(string_to_array(v_ids, ',')) id;
  END IF;
  IF p_form = 'timeline' THEN
    SELECT string_agg(json_build_object('record_id', r.record_id, 'type', r.resource_type,
        'category', r.category, 'title', r.title, 'effective_on', r.effective_on,
        'effective_at', r.effective_at, 'facility_id', r.source_facility_id,
        'marks', r.marks)::text, ',' ORDER BY r.effective_on DESC, r.record_id DESC)
      INTO entries
      FROM app.permitted_records(v_subject, v_facility, p_types, p_record, p_categories,
        p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own) r
      WHERE r.record_id::text = ANY (string_to_array(v_ids, ','));
  END IF;
  v_untold := jsonb_build_object('resources', v_untold,
    'ids', encode(sha256(convert_to(coalesce(v_ids, ''), 'UTF8')), 'hex'));
  v_detail := p_detail::jsonb || jsonb_build_object('resources', v_told);
  -- Turned away, but shown what the asking facility wrote itself: that is why, and it is no denial.
  -- Untold records alone change nothing: the row must not let anyone infer them.
  IF p_outcome = 'denied' AND v_told <> '[]' THEN
    p_outcome := 'permitted';
    v_detail := v_detail || p_own_detail::jsonb;
  END IF;
  SELECT w.at INTO records_read.at
    FROM app.write_event(v_context, records_read.pseq, p_event, p_outcome,
      v_detail, v_untold) w;
END $$;
-- One call of records_read, for several in one transaction.
CREATE TYPE app.read_call AS (
  context text, form text, types text[], record_id uuid, standing text, policy_version bigint,
  categories text[], source_permitted text[], source_denied text[], level integer, data_from date,
  sees_own boolean, before uuid, page_size integer, base_url text, event text, outcome text,
  detail text, own_detail text
);
GRANT EXECUTE ON FUNCTION records_read(text, text, text[], uuid, text, bigint, text[], text[],
  text[], integer, date, boolean,
  uuid, integer, text, text, text, text, text) TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "records", SQL)
