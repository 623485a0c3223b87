"""Parts of documents, answers kept for a sender who asks again, and whose records are refused."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0032_records_coming_in"

SQL = r"""
-- Set where a document alone says it: the facility never sent it by itself.
ALTER TABLE record ADD COLUMN document_id uuid;
-- What a document was taken apart into. `is_named`: its newest version still holds it.
CREATE TABLE document_part (
  participant_id uuid NOT NULL REFERENCES participant,
  document_id uuid NOT NULL,
  record_id uuid NOT NULL,
  is_named boolean NOT NULL DEFAULT true,
  PRIMARY KEY (participant_id, document_id, record_id)
);
CREATE INDEX document_part_of ON document_part (participant_id, record_id) WHERE is_named;
ALTER TABLE document_part ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON document_part USING (participant_id = (SELECT app.subject()));
GRANT SELECT, INSERT ON document_part TO tsunagu_app;
GRANT UPDATE (is_named) ON document_part TO tsunagu_app;

-- What a sending under an Idempotency-Key was answered, for a day. `answer` names records by id and
-- says nothing of what is in them.
CREATE TABLE answered_sending (
  facility_id uuid NOT NULL REFERENCES facility,
  key_hash bytea NOT NULL CHECK (length(key_hash) = 32),
  request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
  answer jsonb NOT NULL,
  answered_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (facility_id, key_hash)
);
CREATE INDEX answered_sending_old ON answered_sending (facility_id, answered_at);
ALTER TABLE answered_sending ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_facility ON answered_sending
  USING (facility_id = (SELECT app.facility()));
GRANT SELECT, INSERT, DELETE ON answered_sending TO tsunagu_app;

-- Facilities from which the participant takes no more records.
ALTER TABLE directive ADD COLUMN refused_sources uuid[] NOT NULL DEFAULT '{}';

-- One call of records_arrive, for several in one transaction.
CREATE TYPE app.arrival AS (context text, standing text, policy_version bigint, payload text);
CREATE POLICY arrives ON record FOR INSERT TO tsunagu_lookup WITH CHECK (true);
CREATE POLICY arrives ON submission FOR INSERT TO tsunagu_lookup WITH CHECK (true);
GRANT INSERT ON record, submission TO tsunagu_lookup;

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Whose current records are dated before the day their category is kept from: whose, and no more.
CREATE FUNCTION records_past_retention(p_categories text[], p_before date[])
RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RAISE EXCEPTION 'an operator alone ends what is kept' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY SELECT DISTINCT r.participant_id FROM record r
    JOIN unnest(p_categories, p_before) AS k(category, before) USING (category)
    WHERE r.is_current AND r.effective_on < k.before AND NOT 'LTS' = ANY (r.marks);
END $$;
-- New records of several sendings at once, each in the name and about the person its signed context
-- says. A call without a row is out of date: its settings, its facility or whom its names lead to
-- are others by now. One with `is_new` false names a record that is there already. Of neither
-- anything is stored or owed; the caller goes the long way. The others' events are owed, as in
-- `records_read`.
-- Invariant: whose records are written, and by which facility, is what the signed context says.
CREATE FUNCTION records_arrive(p_calls app.arrival[])
RETURNS TABLE (n bigint, is_new boolean, last_pseq bigint, last_commit bytea, at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
  v_at timestamptz;
BEGIN
  PERFORM app.check_calls(array_agg(c.context ORDER BY c.n), array_agg(sha256(convert_to(
      c.standing || '|' || c.policy_version || '|' || c.payload, 'UTF8')) ORDER BY c.n))
    FROM unnest(p_calls) WITH ORDINALITY AS c(context, standing, policy_version, payload, n);
  -- In one order, so that no two batches wait for each other.
  PERFORM FROM access_log_head h WHERE h.participant_id = ANY (
      SELECT nullif(split_part(c.context, '|', 4), '')::uuid FROM unnest(p_calls) c)
    ORDER BY h.participant_id FOR UPDATE;
  v_at := clock_timestamp();
  RETURN QUERY WITH asked AS MATERIALIZED (
    SELECT c.n, c.context, c.standing, c.policy_version, c.payload::jsonb AS p,
      nullif(split_part(c.context, '|', 4), '')::uuid AS subject,
      nullif(split_part(c.context, '|', 5), '')::uuid AS facility
    FROM unnest(p_calls) WITH ORDINALITY AS c(context, standing, policy_version, payload, n)
  ), wanted AS MATERIALIZED (
    SELECT c.n, c.subject, r.* FROM asked c
    CROSS JOIN LATERAL jsonb_to_recordset(c.p -> 'rows') AS r(record_id uuid, resource_type text,
      category text, sensitivity smallint, effective_on date, effective_at timestamptz,
      recorded_at timestamptz, marks text[], identifier_system text, identifier_value text,
      title text, body text)
  ), fresh AS MATERIALIZED (
    SELECT c.*, h.last_pseq, h.last_commit, NOT EXISTS (
        SELECT FROM wanted w JOIN record r ON r.participant_id = c.subject
          AND r.source_facility_id = c.facility AND r.resource_type = w.resource_type
          AND r.identifier_system = w.identifier_system
          AND r.identifier_value = w.identifier_value AND r.is_current
        WHERE w.n = c.n) AS is_new
    FROM asked c
    JOIN access_log_head h ON h.participant_id = c.subject AND h.policy_version = c.policy_version
    JOIN participant s ON s.participant_id = c.subject
      AND s.birth_on = coalesce((c.p ->> 'birth_on')::date, s.birth_on)
    JOIN facility f ON f.facility_id = c.facility AND f.is_active
    LEFT JOIN professional p
      ON p.professional_id = nullif(split_part(c.context, '|', 6), '')::uuid
    WHERE f.revision || '.' || coalesce(p.revision, 0) = c.standing
      AND app.one_person(c.subject) = c.subject
      -- All names that lead to somebody lead to the subject, and of each person named one does.
      AND NOT EXISTS (
        SELECT FROM jsonb_array_elements(c.p -> 'people') AS who
        WHERE NOT coalesce((
            SELECT bool_and(app.one_person(x.participant_id) = c.subject) FROM (
              SELECT k.participant_id FROM card k JOIN jsonb_array_elements_text(who -> 'cards') l
                ON k.number = l WHERE k.is_active
              UNION ALL
              SELECT o.participant_id FROM facility_patient o
                JOIN jsonb_array_elements_text(who -> 'numbers') l
                ON o.local_id = l WHERE o.facility_id = c.facility) x),
          (who ->> 'by_id')::boolean))
  ), noted AS (
    UPDATE access_log_head h SET owes = h.owes || d.owed
    FROM (SELECT c.subject, array_agg(app.owed(string_to_array(c.context, '|'),
        'records:record:stored', c.subject, v_at) ORDER BY c.n) AS owed
      FROM fresh c WHERE c.is_new GROUP BY c.subject) d
    WHERE h.participant_id = d.subject
  ), stored AS (
    INSERT INTO record (participant_id, source_facility_id, record_id, version, is_current,
      resource_type, category, sensitivity, effective_on, effective_at, recorded_at, marks,
      identifier_system, identifier_value, title, body)
    SELECT c.subject, c.facility, w.record_id, 1, true, w.resource_type, w.category, w.sensitivity,
      w.effective_on, w.effective_at, w.recorded_at, w.marks, w.identifier_system,
      w.identifier_value, w.title, w.body
    FROM fresh c JOIN wanted w ON w.n = c.n WHERE c.is_new
  ), sent AS (
    INSERT INTO submission (facility_id, submission_id, name, stored, quarantined)
    SELECT c.facility, (c.p ->> 'submission_id')::uuid, c.p ->> 'name',
      jsonb_array_length(c.p -> 'rows'), 0
    FROM fresh c WHERE c.is_new
  )
  SELECT c.n, c.is_new, c.last_pseq, c.last_commit, v_at FROM fresh c;
END $$;
REVOKE EXECUTE ON FUNCTION records_arrive(app.arrival[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records_arrive(app.arrival[]) TO tsunagu_app;
REVOKE EXECUTE ON FUNCTION records_past_retention(text[], date[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records_past_retention(text[], date[]) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "records coming in", SQL)
