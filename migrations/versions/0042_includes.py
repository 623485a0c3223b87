"""What a search's matches refer to comes along, by the same filter and in the same event; a merged
person is found by their insurance."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0042_includes"

SQL = r"""
-- What resources of a type ('*': of any) refer to by an element, or by a part of it.
CREATE TYPE app.include AS (resource_type text, element text, part text, target text);
ALTER TYPE app.search ADD ATTRIBUTE includes app.include[];

CREATE FUNCTION app.each(p_value json) RETURNS SETOF json
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
  SELECT json_array_elements(CASE json_typeof(p_value) WHEN 'array' THEN p_value
    ELSE json_build_array(p_value) END)
$$;

-- Adds to a page what its matches refer to, as far as the same filter gives it and no match is it:
-- what is kept back is here as if it were nowhere. Of one person alone, and in the page's own
-- counts and ids, so that one event names all of it.
CREATE FUNCTION app.included(
  p_subject uuid, p_facility uuid, p_categories text[], p_source_permitted text[],
  p_source_denied text[], p_level integer, p_data_from date, p_sees_own boolean,
  p_except app.exceptions, p_includes app.include[], p_base_url text,
  INOUT entries text, INOUT told text, INOUT told_ids bytea, INOUT untold text,
  INOUT untold_ids bytea)
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
  v_names text[];
  v_ids uuid[];
  v_types text[];
BEGIN
  SELECT array_agg(n.name), array_agg(split_part(n.name, '/', 2)::uuid),
      array_agg(DISTINCT split_part(n.name, '/', 1)) INTO v_names, v_ids, v_types
  FROM (
    SELECT DISTINCT substring(CASE WHEN starts_with(r.name, p_base_url || '/')
        THEN substr(r.name, length(p_base_url) + 2) ELSE r.name END
      FROM '^' || i.target || '/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$')
      AS name
    FROM json_array_elements(('[' || entries || ']')::json) AS e(value)
    JOIN unnest(p_includes) i ON i.resource_type IN ('*', e.value #>> '{resource,resourceType}')
    CROSS JOIN LATERAL app.each(e.value -> 'resource' -> i.element) AS whole(value)
    CROSS JOIN LATERAL app.each(CASE WHEN i.part IS NULL THEN whole.value
      ELSE whole.value -> i.part END) AS part(value)
    CROSS JOIN LATERAL (SELECT part.value ->> 'reference' AS name) r
  ) n
  WHERE n.name IS NOT NULL;
  WITH along AS MATERIALIZED (
    SELECT r.record_id, r.resource_type, r.category, r.is_told, r.body
    FROM app.permitted_records(p_subject, p_facility, v_types, NULL, p_categories,
      p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own, p_except) r
    WHERE r.record_id = ANY (v_ids) AND r.resource_type || '/' || r.record_id = ANY (v_names)
      AND NOT EXISTS (SELECT FROM app.ids(told_ids, untold_ids) h
        WHERE h.id = uuid_send(r.record_id))
    ORDER BY r.record_id DESC LIMIT 1000
  ), counted AS (
    SELECT a.is_told, a.resource_type AS type, a.category, count(*) AS n
      FROM along a GROUP BY a.is_told, a.resource_type, a.category
    UNION ALL
    SELECT s.is_told, l.type, l.category, l.count
      FROM (VALUES (true, told), (false, untold)) AS s(is_told, lines)
      CROSS JOIN LATERAL json_to_recordset(('[' || coalesce(s.lines, '') || ']')::json)
        AS l(type text, category text, count bigint)
  ), said AS (
    SELECT c.is_told, '{"category":' || to_json(c.category) || ',"count":' || sum(c.n)
      || ',"type":' || to_json(c.type) || '}' AS line
    FROM counted c GROUP BY c.is_told, c.type, c.category
  )
  SELECT concat_ws(',', entries, (SELECT string_agg('{"fullUrl":"' || p_base_url || '/'
        || a.resource_type || '/' || a.record_id || '","resource":' || a.body
        || ',"search":{"mode":"include"}}', ',' ORDER BY a.resource_type, a.record_id DESC)
      FROM along a)),
    (SELECT string_agg(s.line, ',' ORDER BY s.line) FROM said s WHERE s.is_told),
    nullif(coalesce(told_ids, '') || coalesce((SELECT string_agg(uuid_send(a.record_id), '')
      FROM along a WHERE a.is_told), ''), ''),
    (SELECT string_agg(s.line, ',' ORDER BY s.line) FROM said s WHERE NOT s.is_told),
    nullif(coalesce(untold_ids, '') || coalesce((SELECT string_agg(uuid_send(a.record_id), '')
      FROM along a WHERE NOT a.is_told), ''), '')
    INTO entries, told, told_ids, untold, untold_ids;
END $$;
GRANT EXECUTE ON FUNCTION
  app.each(json),
  app.included(uuid, uuid, text[], text[], text[], integer, date, boolean, app.exceptions,
    app.include[], text, text, text, bytea, text, bytea) TO tsunagu_lookup;

-- One page of them, how many there are, and what comes along. A page of nothing only counts.
CREATE OR REPLACE FUNCTION app.found(
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
  IF (p_search).includes IS NOT NULL AND shown > 0 THEN
    SELECT i.* INTO entries, told, told_ids, untold, untold_ids
      FROM app.included(p_subject, p_facility, p_categories, p_source_permitted, p_source_denied,
        p_level, p_data_from, p_sees_own, p_except, (p_search).includes, p_base_url, entries, told,
        told_ids, untold, untold_ids) i;
  END IF;
END $$;

-- Whose insurance this is, as before; two registrations that are one person are that person.
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
CREATE OR REPLACE FUNCTION identity_participant_of_insurance(
  p_insurer text, p_symbol text, p_number text, p_branch text, p_birth_on date) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT (array_agg(DISTINCT app.one_person(p.participant_id)))[1]
  FROM registration r JOIN participant p USING (participant_id)
  WHERE r.insurer = p_insurer AND r.insurance_symbol = p_symbol
    AND r.insurance_number = p_number AND r.insurance_branch = p_branch
    AND p_insurer <> '' AND p.birth_on = p_birth_on
  HAVING count(DISTINCT app.one_person(p.participant_id)) = 1
$$;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "includes", SQL)
