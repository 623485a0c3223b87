"""Reads that share a transaction are checked, owed and read by a few statements for all of them."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0017_reads_together"

SQL = r"""
DROP FUNCTION records_read(text, text, text[], uuid, text, bigint, text[], text[], text[], integer,
  date, boolean, text, uuid, integer, text, text);
DROP FUNCTION app.owe(text[], text, uuid, bigint);
DROP FUNCTION app.enter_call(text, bytea);

-- Raises unless each context was signed for one call, here and now, with this digest of what the
-- call asks. Sets nothing: the function that asks goes by the contexts it had checked.
CREATE FUNCTION app.check_calls(p_contexts text[], p_digests bytea[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_now bigint := extract(epoch FROM clock_timestamp()) * 1000000;
  v_pid text := pg_backend_pid();
  v_good bigint;
BEGIN
  SELECT count(*) INTO v_good
    FROM (SELECT a.context, a.digest, string_to_array(a.context, '|') AS field
      FROM unnest(p_contexts, p_digests) AS a(context, digest)) c
    CROSS JOIN app.context_key k
    WHERE array_length(c.field, 1) = 10 AND c.field[1] = 'c' AND c.field[8] = v_pid
      AND c.field[10] = encode(sha256(k.outer_pad || sha256(k.inner_pad
        || convert_to(left(c.context, -65), 'UTF8'))), 'hex')
      AND split_part(c.field[9], ':', 2) = encode(c.digest, 'hex')
      AND CASE WHEN c.field[9] ~ '^[0-9]{1,18}:'
        THEN split_part(c.field[9], ':', 1)::bigint >= v_now ELSE false END;
  IF v_good <> cardinality(p_contexts) THEN
    RAISE EXCEPTION 'the actor context was refused' USING ERRCODE = '42501';
  END IF;
END $$;

-- Lists that differ are written down differently: how many there are goes before, and nothing
-- counts as one too.
CREATE FUNCTION app.listed(p_words text[]) RETURNS text LANGUAGE sql STABLE
RETURN cardinality(p_words) || ',' || array_to_string(p_words, ',', '');

-- What few reads ask for, kept out of the plan of all: how many there are in all, and the timeline
-- of those on the page.
CREATE FUNCTION app.count_permitted(
  p_subject uuid, p_facility uuid, p_types text[], p_record uuid, p_categories text[],
  p_source_permitted text[], p_source_denied text[], p_level integer, p_data_from date,
  p_sees_own boolean, p_except app.exceptions)
RETURNS bigint LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT count(*) FROM app.permitted_records(p_subject, p_facility, p_types, p_record,
    p_categories, p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own, p_except));
END $$;
CREATE FUNCTION app.timeline(
  p_subject uuid, p_facility uuid, p_types text[], p_record uuid, p_categories text[],
  p_source_permitted text[], p_source_denied text[], p_level integer, p_data_from date,
  p_sees_own boolean, p_except app.exceptions, p_told_ids bytea, p_untold_ids bytea)
RETURNS text LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
BEGIN
  RETURN (SELECT string_agg(json_build_object('record_id', r.record_id, 'type', r.resource_type,
      'category', r.category, 'title', r.title, 'effective_on', r.effective_on,
      'effective_at', r.effective_at, 'facility_id', r.source_facility_id,
      'marks', r.marks)::text, ',' ORDER BY r.effective_on DESC, r.record_id DESC)
    FROM app.permitted_records(p_subject, p_facility, p_types, p_record, p_categories,
      p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own, p_except) r
    WHERE uuid_send(r.record_id) IN (SELECT i.id FROM app.ids(p_told_ids, p_untold_ids) i));
END $$;

-- Decides nothing and writes nothing: checks that what was decided from still holds, takes the
-- heads' locks, reads, and owes the events (access-log flow 1). The caller composes each from what
-- was told and not told, and appends it in the same transaction, or nothing commits. Its place in
-- the log is fixed here: after `last_pseq` and `last_commit`, at `at`. A call without a row is
-- stale: the policy version or the standing (revisions of facility and person) is another by now;
-- nothing was read and nothing is owed. form: 'bundle' (FHIR entries), 'timeline' (JSON list for
-- the portal).
-- Invariant: it may see everybody's records; whose are read is what the signed context says.
CREATE FUNCTION records_read(p_calls app.read_call[])
RETURNS TABLE (n bigint, entries bytea, total integer, shown integer, last_id uuid,
  told text, told_ids bytea, untold text, untold_ids bytea,
  last_pseq bigint, last_commit bytea, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_subjects uuid[];
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
        || c.base_url || '|' || c.event, 'UTF8')) ORDER BY c.n))
    FROM unnest(p_calls) WITH ORDINALITY AS c(
      context, form, types, record_id, standing, policy_version, categories, source_permitted,
      source_denied, level, data_from, sees_own, exceptions, before, page_size, base_url, event, n);
  SELECT array_agg(nullif(split_part(c.context, '|', 4), '')::uuid ORDER BY c.n)
    INTO v_subjects FROM unnest(p_calls) WITH ORDINALITY AS c(
      context, form, types, record_id, standing, policy_version, categories, source_permitted,
      source_denied, level, data_from, sees_own, exceptions, before, page_size, base_url, event, n);

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
      subject, n)
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
    g.told, g.told_ids, g.untold, g.untold_ids, h.last_pseq, h.last_commit, v_at
  FROM (
    SELECT c.*, nullif(split_part(c.context, '|', 5), '')::uuid AS facility,
      CASE WHEN c.exceptions <> ''
        THEN jsonb_populate_record(NULL::app.exceptions, c.exceptions::jsonb) END AS except
    FROM unnest(p_calls, v_subjects) WITH ORDINALITY AS c(
      context, form, types, record_id, standing, policy_version, categories, source_permitted,
      source_denied, level, data_from, sees_own, exceptions, before, page_size, base_url, event,
      subject, n)
    WHERE c.n = ANY (v_fresh) OFFSET 0
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
END $$;

GRANT SELECT ON record TO tsunagu_lookup;
GRANT EXECUTE ON FUNCTION app.check_calls(text[], bytea[]), app.listed(text[]),
  app.permitted_records(uuid, uuid, text[], uuid, text[], text[], text[], integer, date, boolean,
    app.exceptions),
  app.count_permitted(uuid, uuid, text[], uuid, text[], text[], text[], integer, date, boolean,
    app.exceptions),
  app.timeline(uuid, uuid, text[], uuid, text[], text[], text[], integer, date, boolean,
    app.exceptions, bytea, bytea), app.ids(bytea, bytea) TO tsunagu_lookup;
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
ALTER FUNCTION records_read(app.read_call[]) OWNER TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
REVOKE EXECUTE ON FUNCTION records_read(app.read_call[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records_read(app.read_call[]) TO tsunagu_app;
-- A statement names at most a few heads: by the key, however few heads there are.
ALTER FUNCTION access_log_append_owed(uuid[], text[], uuid[], bytea[], bytea[], smallint[], bytea[])
  SET enable_seqscan = off;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "reads together", SQL)
