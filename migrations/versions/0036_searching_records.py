"""What records are searched by, and reads that search, sort, page on and look back at versions."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0036_searching_records"

SQL = r"""
-- What a record is found by: `<name>=<system>|<code>` and `<name>=<code>` of each coding,
-- identifier and status it says, and of its category here. Taken from its own text once, as it is
-- written, so that no search reads the text.
CREATE FUNCTION app.tokens(p_category text, p_body text) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT ARRAY['category=' || p_category, 'category=urn:tsunagu:category|' || p_category]
    || coalesce(array_agg(DISTINCT t.token ORDER BY t.token), '{}')
  FROM (
    SELECT e.name, jsonb_path_query(e.value,
      CASE WHEN e.value @? '$.coding' THEN '$.coding[*]'::jsonpath ELSE '$[*]' END) AS value
    FROM (
      SELECT CASE key WHEN 'lifecycleStatus' THEN 'status'
          WHEN 'clinicalStatus' THEN 'clinical-status'
          WHEN 'verificationStatus' THEN 'verification-status'
          WHEN 'type' THEN key WHEN 'class' THEN key WHEN 'category' THEN key
          WHEN 'identifier' THEN key WHEN 'status' THEN key
          ELSE 'code' END AS name,
        CASE key WHEN 'contained' THEN jsonb_path_query_array(value,
          '$[*] ? (@.resourceType == "Medication").code') ELSE value END AS value
      FROM jsonb_each(p_body::jsonb)
      WHERE key IN ('code', 'vaccineCode', 'medicationCodeableConcept', 'contained', 'type',
        'class', 'category', 'identifier', 'status', 'lifecycleStatus', 'clinicalStatus',
        'verificationStatus')
    ) e
  ) AS said
  CROSS JOIN LATERAL (
    SELECT coalesce(said.value ->> 'system', '') AS system,
      CASE jsonb_typeof(said.value)
        WHEN 'object' THEN coalesce(said.value ->> 'code', said.value ->> 'value')
        WHEN 'string' THEN said.value #>> '{}' END AS code
  ) AS c
  CROSS JOIN LATERAL (VALUES (said.name || '=' || c.system || '|' || c.code),
    (said.name || '=' || c.code)) AS t(token)
  WHERE c.code IS NOT NULL
$$;
GRANT EXECUTE ON FUNCTION app.tokens(text, text) TO tsunagu_app, tsunagu_lookup;
ALTER TABLE record ADD COLUMN tokens text[] NOT NULL
  GENERATED ALWAYS AS (app.tokens(category, body)) STORED;

-- What is asked for beyond patient and type. A bound not given is NULL. `starts` and `ends` are of
-- the moment or the day in Japan a record is of; `every`: one of the tokens of each.
CREATE TYPE app.any_of AS (tokens text[]);
CREATE TYPE app.search AS (
  record_ids uuid[], every app.any_of[],
  starts_from timestamptz, starts_before timestamptz, ends_from timestamptz,
  ends_before timestamptz, updated_from timestamptz, updated_before timestamptz,
  ordered_by text, after_key numeric, after_id uuid, version integer, is_counted boolean
);

CREATE FUNCTION app.starts_at(p_at timestamptz, p_on date) RETURNS timestamptz
LANGUAGE sql STABLE RETURN coalesce(p_at, p_on::timestamp AT TIME ZONE 'Asia/Tokyo');
CREATE FUNCTION app.ends_at(p_at timestamptz, p_on date) RETURNS timestamptz
LANGUAGE sql STABLE RETURN coalesce(p_at,
  (p_on + 1)::timestamp AT TIME ZONE 'Asia/Tokyo' - interval '1 microsecond');
-- Smaller comes first; what is equal goes by id, the newest first.
CREATE FUNCTION app.order_key(
  p_ordered_by text, p_at timestamptz, p_on date, p_recorded_at timestamptz) RETURNS numeric
LANGUAGE sql STABLE RETURN CASE p_ordered_by
  WHEN 'date' THEN extract(epoch FROM app.starts_at(p_at, p_on))
  WHEN '-date' THEN -extract(epoch FROM app.starts_at(p_at, p_on))
  WHEN '_lastUpdated' THEN extract(epoch FROM p_recorded_at)
  WHEN '-_lastUpdated' THEN -extract(epoch FROM p_recorded_at)
  ELSE 0 END;

-- Of what is permitted, what was searched for. Narrows the one filter, and knows no other table.
CREATE FUNCTION app.matching(
  p_subject uuid, p_facility uuid, p_types text[], p_record uuid, p_categories text[],
  p_source_permitted text[], p_source_denied text[], p_level integer, p_data_from date,
  p_sees_own boolean, p_except app.exceptions, p_search app.search)
RETURNS SETOF public.record LANGUAGE sql STABLE AS $$
  SELECT r.* FROM app.permitted_records(p_subject, p_facility, p_types, p_record, p_categories,
    p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own, p_except) r
  WHERE ((p_search).record_ids IS NULL OR r.record_id = ANY ((p_search).record_ids))
    AND ((p_search).every IS NULL OR NOT EXISTS (
      SELECT FROM unnest((p_search).every) e WHERE NOT r.tokens && e.tokens))
    AND ((p_search).starts_from IS NULL
      OR app.starts_at(r.effective_at, r.effective_on) >= (p_search).starts_from)
    AND ((p_search).starts_before IS NULL
      OR app.starts_at(r.effective_at, r.effective_on) < (p_search).starts_before)
    AND ((p_search).ends_from IS NULL
      OR app.ends_at(r.effective_at, r.effective_on) >= (p_search).ends_from)
    AND ((p_search).ends_before IS NULL
      OR app.ends_at(r.effective_at, r.effective_on) < (p_search).ends_before)
    AND ((p_search).updated_from IS NULL OR r.recorded_at >= (p_search).updated_from)
    AND ((p_search).updated_before IS NULL OR r.recorded_at < (p_search).updated_before)
$$;

-- One page of them, and how many there are. A page of nothing only counts.
CREATE FUNCTION app.found(
  p_subject uuid, p_facility uuid, p_types text[], p_record uuid, p_categories text[],
  p_source_permitted text[], p_source_denied text[], p_level integer, p_data_from date,
  p_sees_own boolean, p_except app.exceptions, p_search app.search, p_page_size integer,
  p_base_url text,
  OUT entries text, OUT total bigint, OUT shown bigint, OUT is_more boolean, OUT last_key numeric,
  OUT last_id uuid, OUT told text, OUT told_ids bytea, OUT untold text, OUT untold_ids bytea)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  WITH page AS (
    SELECT p.*, row_number() OVER (ORDER BY p.key, p.record_id DESC) AS place
    FROM (
      SELECT r.record_id, r.resource_type, r.category, r.is_told, r.body, k.key
      FROM app.matching(p_subject, p_facility, p_types, p_record, p_categories,
        p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own, p_except,
        p_search) r
      CROSS JOIN LATERAL (SELECT app.order_key((p_search).ordered_by, r.effective_at,
        r.effective_on, r.recorded_at) AS key) k
      WHERE (p_search).after_id IS NULL OR k.key > (p_search).after_key
        OR (k.key = (p_search).after_key AND r.record_id < (p_search).after_id)
      ORDER BY k.key, r.record_id DESC LIMIT p_page_size + 1
    ) p
  ), here AS (
    SELECT * FROM page WHERE place <= p_page_size
  ), grouped AS (
    SELECT h.is_told, string_agg(uuid_send(h.record_id), '') AS ids,
      '{"category":' || to_json(h.category) || ',"count":' || count(*) || ',"type":'
        || to_json(h.resource_type) || '}' AS line
    FROM here h GROUP BY h.is_told, h.resource_type, h.category
  )
  SELECT
    (SELECT string_agg('{"fullUrl":"' || p_base_url || '/' || h.resource_type || '/'
        || h.record_id || '","resource":' || h.body || ',"search":{"mode":"match"}}', ','
        ORDER BY h.place) FROM here h),
    (SELECT count(*) FROM here), (SELECT count(*) FROM page) > p_page_size,
    (SELECT h.key FROM here h ORDER BY h.place DESC LIMIT 1),
    (SELECT h.record_id FROM here h ORDER BY h.place DESC LIMIT 1),
    string_agg(g.line, ',' ORDER BY g.line) FILTER (WHERE g.is_told),
    string_agg(g.ids, '') FILTER (WHERE g.is_told),
    string_agg(g.line, ',' ORDER BY g.line) FILTER (WHERE NOT g.is_told),
    string_agg(g.ids, '') FILTER (WHERE NOT g.is_told)
    INTO entries, shown, is_more, last_key, last_id, told, told_ids, untold, untold_ids
    FROM grouped g;
  IF (p_search).is_counted IS NOT FALSE THEN
    total := shown;
    IF is_more OR (p_search).after_id IS NOT NULL THEN
      SELECT count(*) INTO total FROM app.matching(p_subject, p_facility, p_types, p_record,
        p_categories, p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own,
        p_except, p_search);
    END IF;
  END IF;
END $$;

-- The versions of one record, the newest first. They are seen by whoever may see the record as it
-- stands: it is decided about once. What it was before it became of another category, or of a day
-- that may be seen, was not decided about, and is for whoever wrote it alone.
CREATE FUNCTION app.versions(
  p_subject uuid, p_facility uuid, p_types text[], p_record uuid, p_categories text[],
  p_source_permitted text[], p_source_denied text[], p_level integer, p_data_from date,
  p_sees_own boolean, p_except app.exceptions, p_search app.search, p_page_size integer,
  p_base_url text,
  OUT entries text, OUT total bigint, OUT shown bigint, OUT is_more boolean, OUT last_key numeric,
  OUT last_id uuid, OUT told text, OUT told_ids bytea, OUT untold text, OUT untold_ids bytea)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
  v_record record;
BEGIN
  SELECT r.record_id, r.resource_type, r.category, r.is_told, r.effective_on,
      p_sees_own AND r.source_facility_id = p_facility AS is_own INTO v_record
    FROM app.permitted_records(p_subject, p_facility, p_types, p_record, p_categories,
      p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own, p_except) r
    WHERE p_record IS NOT NULL;
  WITH of_it AS (
    SELECT v.version, v.recorded_at, v.body FROM public.record v
    WHERE v.participant_id = p_subject AND v.record_id = v_record.record_id
      AND (v_record.is_own OR (v.category = v_record.category
        AND (v.effective_on = v_record.effective_on OR ((p_except).hidden_periods IS NULL
          AND (p_data_from IS NULL OR v.effective_on >= p_data_from)))))
      AND ((p_search).version IS NULL OR v.version = (p_search).version)
      AND ((p_search).updated_from IS NULL
        OR v.recorded_at >= (p_search).updated_from)
  ), page AS (
    SELECT v.*, row_number() OVER (ORDER BY v.version DESC) AS place FROM of_it v
    WHERE (p_search).after_key IS NULL OR v.version < (p_search).after_key
  ), here AS (
    SELECT * FROM page WHERE place <= p_page_size
  )
  SELECT
    (SELECT string_agg('{"fullUrl":"' || p_base_url || '/' || v_record.resource_type || '/'
        || v_record.record_id || '","resource":' || h.body || ',"request":{"method":"'
        || CASE h.version WHEN 1 THEN 'POST","url":"' || v_record.resource_type
          ELSE 'PUT","url":"' || v_record.resource_type || '/' || v_record.record_id END
        || '"},"response":{"status":"' || CASE h.version WHEN 1 THEN '201 Created' ELSE '200 OK' END
        || '","etag":"W/\"' || h.version || '\"","lastModified":"'
        || to_char(h.recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
        || '"}}', ',' ORDER BY h.place) FROM here h),
    (SELECT count(*) FROM of_it), (SELECT count(*) FROM here),
    (SELECT count(*) FROM page) > p_page_size, (SELECT min(h.version) FROM here h)
    INTO entries, total, shown, is_more, last_key;
  IF shown > 0 THEN
    last_id := v_record.record_id;
    IF v_record.is_told THEN
      told_ids := uuid_send(v_record.record_id);
      told := '{"category":' || to_json(v_record.category) || ',"count":1,"type":'
        || to_json(v_record.resource_type) || '}';
    ELSE
      untold_ids := uuid_send(v_record.record_id);
      untold := '{"category":' || to_json(v_record.category) || ',"count":1,"type":'
        || to_json(v_record.resource_type) || '}';
    END IF;
  END IF;
END $$;

SET LOCAL ROLE tsunagu_lookup;
DROP FUNCTION records_read(app.read_call[]);
SET LOCAL ROLE tsunagu_owner;
-- Empty, or an `app.search` as JSON without the sign that parts the arguments in the digest.
ALTER TYPE app.read_call ADD ATTRIBUTE search text;

-- Decides nothing and writes nothing: checks that what was decided from still holds, takes the
-- heads' locks, reads, and owes the events (access-log flow 1). The caller composes each from what
-- was told and not told, and appends it in the same transaction, or nothing commits. Its place in
-- the log is fixed here: after `last_pseq` and `last_commit`, at `at`. A call without a row is
-- stale: the policy version or the standing (revisions of facility and person) is another by now;
-- nothing was read and nothing is owed. form: 'bundle' (FHIR entries), 'timeline' (JSON list for
-- the portal), 'history' (the versions of one record), 'everything' (FHIR entries, and who it is).
-- Invariant: it may see everybody's records; whose are read is what the signed context says.
CREATE FUNCTION records_read(p_calls app.read_call[])
RETURNS TABLE (n bigint, entries bytea, total integer, shown integer, last_id uuid,
  told text, told_ids bytea, untold text, untold_ids bytea,
  last_pseq bigint, last_commit bytea, at timestamptz, last_key numeric, is_more boolean,
  person text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_subjects uuid[];
  v_searching bigint;
  v_fresh bigint[];
  v_at timestamptz;
BEGIN
  -- What may not be NULL makes the digest NULL, which no context was signed with.
  PERFORM app.check_calls(array_agg(c.context ORDER BY c.n), array_agg(sha256(convert_to(
      c.form || '|' || app.listed(c.types) || '|' || coalesce(c.record_id::text, '') || '|'
        || c.standing || '|' || c.policy_version || '|' || app.listed(c.categories) || '|'
        || app.listed(c.source_permitted) || '|' || app.listed(c.source_denied) || '|' || c.level
        || '|' || coalesce(to_char(c.data_from, 'YYYY-MM-DD BC'), '') || '|' || c.sees_own::text
        || '|' || c.exceptions || '|' || coalesce(c.before::text, '') || '|' || c.page_size || '|'
        || c.base_url || '|' || c.event || '|'
        || CASE WHEN strpos(c.search, '|') = 0 THEN c.search END, 'UTF8')) ORDER BY c.n))
    FROM unnest(p_calls) WITH ORDINALITY AS c(
      context, form, types, record_id, standing, policy_version, categories, source_permitted,
      source_denied, level, data_from, sees_own, exceptions, before, page_size, base_url, event,
      search, n);
  SELECT array_agg(nullif(split_part(c.context, '|', 4), '')::uuid ORDER BY c.n),
      count(*) FILTER (WHERE c.search <> '')
    INTO v_subjects, v_searching FROM unnest(p_calls) WITH ORDINALITY AS c(
      context, form, types, record_id, standing, policy_version, categories, source_permitted,
      source_denied, level, data_from, sees_own, exceptions, before, page_size, base_url, event,
      search, n);

  -- In one order, so that no two batches wait for each other.
  PERFORM FROM access_log_head h WHERE h.participant_id = ANY (v_subjects)
    ORDER BY h.participant_id FOR UPDATE;
  v_at := clock_timestamp();
  WITH fresh AS (
    SELECT c.n, h.participant_id,
      app.owed(string_to_array(c.context, '|'), c.event, h.participant_id, v_at) AS owed
    FROM unnest(p_calls, v_subjects) WITH ORDINALITY AS c(
      context, form, types, record_id, standing, policy_version, categories, source_permitted,
      source_denied, level, data_from, sees_own, exceptions, before, page_size, base_url, event,
      search, subject, n)
    JOIN access_log_head h ON h.participant_id = c.subject
      AND h.policy_version = c.policy_version
    JOIN facility f ON f.facility_id = nullif(split_part(c.context, '|', 5), '')::uuid
    LEFT JOIN professional p
      ON p.professional_id = nullif(split_part(c.context, '|', 6), '')::uuid
    WHERE f.revision || '.' || coalesce(p.revision, 0) = c.standing
  ), noted AS (
    UPDATE access_log_head h SET owes = h.owes || d.owed
    FROM (SELECT participant_id, array_agg(owed ORDER BY n) AS owed
      FROM fresh GROUP BY participant_id) d
    WHERE h.participant_id = d.participant_id
  )
  SELECT array_agg(n) INTO v_fresh FROM fresh;

  RETURN QUERY
  SELECT c.n,
    convert_to(CASE WHEN c.form = 'timeline' THEN app.timeline(c.subject, c.facility, c.types,
        c.record_id, c.categories, c.source_permitted, c.source_denied, c.level, c.data_from,
        c.sees_own, c.except, g.told_ids, g.untold_ids)
      ELSE g.entries END, 'UTF8'),
    CASE WHEN g.shown = c.page_size OR c.before IS NOT NULL THEN app.count_permitted(c.subject,
        c.facility, c.types, c.record_id, c.categories, c.source_permitted, c.source_denied,
        c.level, c.data_from, c.sees_own, c.except)
      ELSE g.shown END::integer,
    g.shown::integer,
    CASE WHEN g.shown = c.page_size OR c.before IS NOT NULL THEN (
      SELECT encode(min(i.id), 'hex')::uuid FROM app.ids(g.told_ids, g.untold_ids) i) END,
    g.told, g.told_ids, g.untold, g.untold_ids, h.last_pseq, h.last_commit, v_at,
    0::numeric, NULL::boolean, NULL::text
  FROM (
    SELECT c.*, nullif(split_part(c.context, '|', 5), '')::uuid AS facility,
      CASE WHEN c.exceptions <> ''
        THEN jsonb_populate_record(NULL::app.exceptions, c.exceptions::jsonb) END AS except
    FROM unnest(p_calls, v_subjects) WITH ORDINALITY AS c(
      context, form, types, record_id, standing, policy_version, categories, source_permitted,
      source_denied, level, data_from, sees_own, exceptions, before, page_size, base_url, event,
      search, subject, n)
    WHERE c.n = ANY (v_fresh) AND c.search = '' OFFSET 0
  ) c
  CROSS JOIN LATERAL (SELECT h.last_pseq, h.last_commit FROM access_log_head h
    WHERE h.participant_id = c.subject OFFSET 0) h
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(g.shown), 0) AS shown, string_agg(g.entries, ',') AS entries,
      string_agg(g.line, ',' ORDER BY g.resource_type, g.category) FILTER (WHERE g.is_told)
        AS told,
      string_agg(g.ids, '') FILTER (WHERE g.is_told) AS told_ids,
      string_agg(g.line, ',' ORDER BY g.resource_type, g.category) FILTER (WHERE NOT g.is_told)
        AS untold,
      string_agg(g.ids, '') FILTER (WHERE NOT g.is_told) AS untold_ids
    FROM (
      SELECT p.is_told, p.resource_type, p.category, count(*) AS shown,
        string_agg(uuid_send(p.record_id), '') AS ids,
        string_agg('{"fullUrl":"' || c.base_url || '/' || p.resource_type || '/' || p.record_id
          || '","resource":' || p.body || ',"search":{"mode":"match"}}', ',') AS entries,
        '{"category":' || to_json(p.category) || ',"count":' || count(*) || ',"type":'
          || to_json(p.resource_type) || '}' AS line
      FROM (
        SELECT r.record_id, r.resource_type, r.category, r.is_told, r.body
        FROM app.permitted_records(c.subject, c.facility, c.types, c.record_id, c.categories,
          c.source_permitted, c.source_denied, c.level, c.data_from, c.sees_own, c.except) r
        WHERE c.before IS NULL OR r.record_id < c.before
        ORDER BY r.record_id DESC LIMIT c.page_size
      ) p
      GROUP BY p.is_told, p.resource_type, p.category
    ) g
  ) g;

  IF v_searching > 0 THEN
    RETURN QUERY
    SELECT c.n, convert_to(g.entries, 'UTF8'), g.total::integer, g.shown::integer, g.last_id,
      g.told, g.told_ids, g.untold, g.untold_ids, h.last_pseq, h.last_commit, v_at, g.last_key,
      g.is_more,
      CASE WHEN c.form = 'everything' AND (c.asked).after_id IS NULL
        AND 'basic' = ANY (c.categories) THEN (
          SELECT json_build_object('name', p.name, 'name_kana', p.name_kana, 'sex', p.sex,
            'birth_on', p.birth_on)::text
          FROM participant p WHERE p.participant_id = c.subject) END
    FROM (
      SELECT c.*, nullif(split_part(c.context, '|', 5), '')::uuid AS facility,
        CASE WHEN c.exceptions <> ''
          THEN jsonb_populate_record(NULL::app.exceptions, c.exceptions::jsonb) END AS except,
        jsonb_populate_record(NULL::app.search, c.search::jsonb) AS asked
      FROM unnest(p_calls, v_subjects) WITH ORDINALITY AS c(
        context, form, types, record_id, standing, policy_version, categories, source_permitted,
        source_denied, level, data_from, sees_own, exceptions, before, page_size, base_url, event,
        search, subject, n)
      WHERE c.n = ANY (v_fresh) AND c.search <> '' OFFSET 0
    ) c
    CROSS JOIN LATERAL (SELECT h.last_pseq, h.last_commit FROM access_log_head h
      WHERE h.participant_id = c.subject OFFSET 0) h
    CROSS JOIN LATERAL (
      SELECT f.* FROM app.found(c.subject, c.facility, c.types, c.record_id, c.categories,
        c.source_permitted, c.source_denied, c.level, c.data_from, c.sees_own, c.except, c.asked,
        c.page_size, c.base_url) f WHERE c.form <> 'history'
      UNION ALL
      SELECT v.* FROM app.versions(c.subject, c.facility, c.types, c.record_id, c.categories,
        c.source_permitted, c.source_denied, c.level, c.data_from, c.sees_own, c.except, c.asked,
        c.page_size, c.base_url) v WHERE c.form = 'history'
    ) g;
  END IF;
END $$;

-- Whose insurance this is: one person's alone, born that day.
CREATE FUNCTION identity_participant_of_insurance(
  p_insurer text, p_symbol text, p_number text, p_branch text, p_birth_on date) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT (array_agg(p.participant_id))[1]
  FROM registration r JOIN participant p USING (participant_id)
  WHERE r.insurer = p_insurer AND r.insurance_symbol = p_symbol
    AND r.insurance_number = p_number AND r.insurance_branch = p_branch
    AND p_insurer <> '' AND p.birth_on = p_birth_on
  HAVING count(*) = 1
$$;

GRANT EXECUTE ON FUNCTION
  app.starts_at(timestamptz, date), app.ends_at(timestamptz, date),
  app.order_key(text, timestamptz, date, timestamptz),
  app.matching(uuid, uuid, text[], uuid, text[], text[], text[], integer, date, boolean,
    app.exceptions, app.search) TO tsunagu_app, tsunagu_lookup;
GRANT EXECUTE ON FUNCTION
  app.found(uuid, uuid, text[], uuid, text[], text[], text[], integer, date, boolean,
    app.exceptions, app.search, integer, text),
  app.versions(uuid, uuid, text[], uuid, text[], text[], text[], integer, date, boolean,
    app.exceptions, app.search, integer, text) TO tsunagu_lookup;
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
ALTER FUNCTION records_read(app.read_call[]) OWNER TO tsunagu_lookup;
ALTER FUNCTION identity_participant_of_insurance(text, text, text, text, date)
  OWNER TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
REVOKE EXECUTE ON FUNCTION records_read(app.read_call[]),
  identity_participant_of_insurance(text, text, text, text, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records_read(app.read_call[]),
  identity_participant_of_insurance(text, text, text, text, date) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "searching records", SQL)
