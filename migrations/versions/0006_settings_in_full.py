"""Settings in full: teams, marks and shares; where people lived; reads that keep to all of it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0006_settings_in_full"

SQL = r"""
ALTER TABLE directive
  ADD COLUMN teams jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN marks jsonb NOT NULL DEFAULT '[]',
  ADD COLUMN incoming_level smallint NOT NULL DEFAULT 0 CHECK (incoming_level BETWEEN 0 AND 1),
  ADD COLUMN asks_first_since timestamptz;
-- When this taking part began, also where a later row takes it up again; none: with the row.
ALTER TABLE participation ADD COLUMN joined_at timestamptz;

-- Each version holds the whole history of places, so the past as it was known can be read again.
CREATE TABLE residence (
  participant_id uuid NOT NULL REFERENCES participant,
  version integer NOT NULL CHECK (version >= 1),
  places jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by uuid,
  PRIMARY KEY (participant_id, version)
);
ALTER TABLE residence ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON residence USING (participant_id = (SELECT app.subject()));
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON residence
  FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON residence
  FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change();
ALTER TABLE residence ENABLE ALWAYS TRIGGER append_only;
ALTER TABLE residence ENABLE ALWAYS TRIGGER append_only_truncate;
CREATE TRIGGER residence_takes_effect AFTER INSERT ON residence
  FOR EACH ROW EXECUTE FUNCTION app.bump_policy();
GRANT SELECT, INSERT ON residence TO tsunagu_app;

-- What the participant said of single records, as the decision core binds it for one request.
CREATE TYPE app.hidden_period AS (
  source_facility_id uuid, category text, data_from date, data_to date
);
CREATE TYPE app.exceptions AS (
  hidden uuid[], hidden_periods app.hidden_period[], lowered uuid[], raised uuid[],
  shared uuid[], shared_categories text[], unsealed uuid[], sealed uuid[]
);

DROP FUNCTION records_read(text, text, text[], uuid, text, bigint, text[], text[], text[], integer,
  date, boolean, uuid, integer, text, text, text, text, text);
DROP TYPE app.read_call;
DROP FUNCTION app.permitted_records(uuid, uuid, text[], uuid, text[], text[], text[], integer,
  date, boolean);

-- The one filter every read goes through: what the decision core said, as rows. Inlined into its
-- callers, so it costs no call; it runs under their row security. An exception not given is NULL.
CREATE FUNCTION app.permitted_records(
  p_subject uuid, p_facility uuid, p_types text[], p_record uuid, p_categories text[],
  p_source_permitted text[], p_source_denied text[], p_level integer, p_data_from date,
  p_sees_own boolean, p_except app.exceptions)
RETURNS SETOF public.record LANGUAGE sql STABLE AS $$
  SELECT * FROM public.record r
  WHERE r.participant_id = p_subject AND r.is_current
    AND (p_record IS NULL OR r.record_id = p_record)
    AND (p_types = '{}' OR r.resource_type = ANY (p_types))
    AND ((p_sees_own AND r.source_facility_id = p_facility)
      OR ((p_data_from IS NULL OR r.effective_on >= p_data_from)
        AND ((((r.category = ANY (p_categories) AND (p_source_denied = '{}'
                 OR r.source_facility_id || '/' || r.category <> ALL (p_source_denied)))
               OR (p_source_permitted <> '{}'
                 AND r.source_facility_id || '/' || r.category = ANY (p_source_permitted)))
             AND ((r.sensitivity <= p_level AND ((p_except).raised IS NULL
                 OR r.record_id <> ALL ((p_except).raised)))
               OR r.record_id = ANY ((p_except).lowered))
             AND ((p_except).hidden IS NULL OR r.record_id <> ALL ((p_except).hidden))
             AND ((p_except).hidden_periods IS NULL OR NOT EXISTS (
               SELECT FROM unnest((p_except).hidden_periods) h
               WHERE coalesce(h.source_facility_id, r.source_facility_id) = r.source_facility_id
                 AND coalesce(h.category, r.category) = r.category
                 AND coalesce(h.data_from, r.effective_on) <= r.effective_on
                 AND (h.data_to IS NULL OR r.effective_on < h.data_to))))
           OR ((r.record_id = ANY ((p_except).shared)
               OR r.category = ANY ((p_except).shared_categories))
             AND ((r.sensitivity < 2 AND ((p_except).sealed IS NULL
                 OR r.record_id <> ALL ((p_except).sealed)))
               OR r.record_id = ANY ((p_except).unsealed))))))
$$;
GRANT EXECUTE ON FUNCTION app.permitted_records(uuid, uuid, text[], uuid, text[], text[], text[],
  integer, date, boolean, app.exceptions) TO tsunagu_app;

-- Decide, read and append in one transaction, as before; now with the exceptions (JSON, or empty).
CREATE FUNCTION records_read(
  p_context text, p_form text, p_types text[], p_record uuid, p_standing text,
  p_policy_version bigint,
  p_categories text[], p_source_permitted text[], p_source_denied text[],
  p_level integer, p_data_from date, p_sees_own boolean, p_exceptions text, p_before uuid,
  p_count integer, p_base_url text, p_event text, p_outcome text, p_detail text, p_own_detail text,
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
  v_except app.exceptions;
BEGIN
  v_context := app.enter_call(p_context, sha256(convert_to(concat_ws('|', p_form,
    array_to_string(p_types, ','), coalesce(p_record::text, ''), p_standing,
    p_policy_version, array_to_string(p_categories, ','),
    array_to_string(p_source_permitted, ','), array_to_string(p_source_denied, ','), p_level,
    coalesce(to_char(p_data_from, 'YYYY-MM-DD'), ''), p_sees_own::text,
    p_exceptions, coalesce(p_before::text, ''), p_count, p_base_url, p_event, p_outcome, p_detail,
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
  IF p_exceptions <> '' THEN
    v_except := jsonb_populate_record(NULL::app.exceptions, p_exceptions::jsonb);
  END IF;
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
          p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own, v_except) r
        WHERE p_before IS NULL OR r.record_id < p_before
        ORDER BY r.record_id DESC LIMIT p_count
      ) p
      GROUP BY p.is_told, p.resource_type, p.category
    ) g;
  shown := coalesce(shown, 0);
  total := shown;
  IF shown = p_count OR p_before IS NOT NULL THEN
    SELECT count(*) INTO total FROM app.permitted_records(v_subject, v_facility, p_types,
      p_record, p_categories, p_source_permitted, p_source_denied, p_level, p_data_from,
      p_sees_own, v_except);
    SELECT min(id)::uuid INTO last_id FROM unnest(string_to_array(v_ids, ',')) id;
  END IF;
  IF p_form = 'timeline' THEN
    SELECT string_agg(json_build_object('record_id', r.record_id, 'type', r.resource_type,
        'category', r.category, 'title', r.title, 'effective_on', r.effective_on,
        'effective_at', r.effective_at, 'facility_id', r.source_facility_id,
        'marks', r.marks)::text, ',' ORDER BY r.effective_on DESC, r.record_id DESC)
      INTO entries
      FROM app.permitted_records(v_subject, v_facility, p_types, p_record, p_categories,
        p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own, v_except) r
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
  sees_own boolean, exceptions text, before uuid, page_size integer, base_url text, event text,
  outcome text,
  detail text, own_detail text
);
GRANT EXECUTE ON FUNCTION records_read(text, text, text[], uuid, text, bigint, text[], text[],
  text[], integer, date, boolean, text,
  uuid, integer, text, text, text, text, text) TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "settings in full", SQL)
