"""Merges that take everything along, give it back once, and what is due to a number."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0040_merges_whole"

SQL = r"""
-- Which document holds what, as it was before a merge. `document_now`, `record_now`: which record
-- says it since; another where who remains has one of that sender and name already.
CREATE TABLE participant_merge_part (
  participant_id uuid NOT NULL,
  merge_id uuid NOT NULL,
  document_id uuid NOT NULL,
  record_id uuid NOT NULL,
  document_now uuid NOT NULL,
  record_now uuid NOT NULL,
  is_named boolean NOT NULL,
  PRIMARY KEY (participant_id, merge_id, document_id, record_id),
  FOREIGN KEY (participant_id, merge_id) REFERENCES participant_merge
);
-- What a split gave back: it does so once.
CREATE TABLE participant_merge_return (
  participant_id uuid NOT NULL,
  merge_id uuid NOT NULL,
  given_back_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, merge_id),
  FOREIGN KEY (participant_id, merge_id) REFERENCES participant_merge
);
-- Facilities whose records who remains came to refuse with a merge, as of that version of settings.
CREATE TABLE participant_merge_refusal (
  participant_id uuid NOT NULL,
  merge_id uuid NOT NULL,
  facility_id uuid NOT NULL REFERENCES facility,
  version integer NOT NULL,
  PRIMARY KEY (participant_id, merge_id, facility_id),
  FOREIGN KEY (participant_id, merge_id) REFERENCES participant_merge
);
-- Numbers that came to mean somebody by matching, until what lay in quarantine for them is
-- delivered. Written with the link: no fault in between loses it. `by_account`: the officer.
CREATE TABLE delivery_due (
  facility_id uuid NOT NULL REFERENCES facility,
  local_id text NOT NULL,
  by_account uuid DEFAULT app.account() REFERENCES account,
  due_since timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (facility_id, local_id)
);
ALTER TABLE delivery_due ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_facility ON delivery_due USING (facility_id = (SELECT app.facility()));
CREATE POLICY to_be_done ON delivery_due FOR SELECT USING ((SELECT app.kind()) = 'operator');
CREATE POLICY as_linked ON delivery_due FOR INSERT
  WITH CHECK ((SELECT app.kind()) = 'support' AND EXISTS (SELECT FROM facility_patient f
    WHERE f.facility_id = delivery_due.facility_id AND f.local_id = delivery_due.local_id));
GRANT SELECT, INSERT, DELETE ON delivery_due TO tsunagu_app;
-- What is named in a quarantined body for want of its person, as hashes: a facility's number leads
-- to what lies for it without a look at everything that lies.
CREATE TABLE quarantine_name (
  facility_id uuid NOT NULL,
  name_hash bytea NOT NULL CHECK (length(name_hash) = 32),
  quarantine_id uuid NOT NULL,
  PRIMARY KEY (facility_id, name_hash, quarantine_id),
  FOREIGN KEY (facility_id, quarantine_id) REFERENCES quarantine
);
CREATE FUNCTION app.names_in(p_body bytea) RETURNS SETOF bytea
LANGUAGE plpgsql IMMUTABLE SET search_path = public, pg_temp AS $$
BEGIN
  RETURN QUERY SELECT DISTINCT sha256(convert_to(m[1], 'UTF8'))
    FROM regexp_matches(convert_from(p_body, 'UTF8'), '"value"\s*:\s*"([^"\\]{1,64})"', 'g') m;
EXCEPTION WHEN character_not_in_repertoire OR untranslatable_character THEN
  RETURN;  -- not JSON
END $$;
CREATE FUNCTION app.keep_names() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO quarantine_name (facility_id, name_hash, quarantine_id)
    SELECT NEW.facility_id, n, NEW.quarantine_id FROM app.names_in(NEW.body) n;
  RETURN NULL;
END $$;
GRANT EXECUTE ON FUNCTION app.names_in(bytea) TO tsunagu_app;
CREATE TRIGGER names_are_kept AFTER INSERT ON quarantine
  FOR EACH ROW WHEN (NEW.reason = 'unknown_subject') EXECUTE FUNCTION app.keep_names();
ALTER TABLE quarantine ENABLE ALWAYS TRIGGER names_are_kept;
ALTER TABLE quarantine NO FORCE ROW LEVEL SECURITY;
INSERT INTO quarantine_name (facility_id, name_hash, quarantine_id)
  SELECT q.facility_id, n, q.quarantine_id FROM quarantine q, app.names_in(q.body) n
  WHERE q.reason = 'unknown_subject';
ALTER TABLE quarantine FORCE ROW LEVEL SECURITY;
ALTER TABLE quarantine_name ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_facility ON quarantine_name
  USING (facility_id = (SELECT app.facility()));
GRANT SELECT, INSERT ON quarantine_name TO tsunagu_app;
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['participant_merge_part', 'participant_merge_return',
    'participant_merge_refusal'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
    EXECUTE format('GRANT SELECT ON %I TO tsunagu_app', v_table);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO tsunagu_lookup', v_table);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
  END LOOP;
END $$;
CREATE POLICY with_a_yes ON participant_merge_refusal AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (app.merge_state(merge_id) = 'accepted');
GRANT INSERT ON participant_merge_refusal TO tsunagu_app;
-- The yes is of who remains: by themselves, or said to an officer who has identified them in person
-- within half an hour, who writes it down with a reason.
DROP POLICY who_may_say ON participant_merge_step;
CREATE POLICY who_may_say ON participant_merge_step AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (by_account = (SELECT app.account()) AND CASE (SELECT app.kind())
    WHEN 'support' THEN act IN ('confirmed', 'withdrawn', 'split')
      OR act = 'accepted' AND reason <> '' AND participant_id = (SELECT app.subject())
        AND EXISTS (SELECT FROM counter_visit v
          WHERE v.participant_id = participant_merge_step.participant_id
            AND v.officer = (SELECT app.account()) AND v.way <> 'call_back'
            AND v.ended_at IS NULL AND v.opened_at > now() - interval '30 minutes')
    WHEN 'participant' THEN NOT (SELECT app.is_proxy()) AND (act = 'split'
      OR act IN ('accepted', 'declined') AND participant_id = (SELECT app.subject()))
    ELSE false END);
CREATE POLICY moved ON document_part TO tsunagu_lookup USING (true) WITH CHECK (true);
GRANT SELECT, INSERT, UPDATE (is_named), DELETE ON document_part TO tsunagu_lookup;

GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- As before, and which document holds what goes along. What a document holds that comes in as
-- secret, or that who remains had hidden, comes in as secret too.
CREATE OR REPLACE FUNCTION records_take_over(p_merge uuid, p_closed uuid[], p_close_all boolean)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_merge participant_merge;
  v_count integer;
BEGIN
  SELECT * INTO v_merge FROM participant_merge m
    WHERE m.merge_id = p_merge AND m.participant_id = app.subject();
  IF v_merge IS NULL OR app.kind() IS NULL OR app.kind() NOT IN ('participant', 'support')
     OR app.is_proxy() OR app.merge_state(p_merge) <> 'accepted'
     OR app.kind() = 'support' AND NOT EXISTS (SELECT FROM participant_merge_step s
       WHERE s.merge_id = p_merge AND s.act = 'accepted' AND s.by_account = app.account())
     OR EXISTS (
       SELECT FROM participant_merge_record r WHERE r.merge_id = p_merge) THEN
    RAISE EXCEPTION 'nothing moves without a yes' USING ERRCODE = '42501';
  END IF;
  INSERT INTO participant_merge_record (participant_id, merge_id, record_id, version, sensitivity)
    SELECT v_merge.participant_id, p_merge, r.record_id, r.version, r.sensitivity FROM record r
    WHERE r.participant_id = v_merge.other_id AND r.resource_type <> 'Patient'
      AND NOT EXISTS (SELECT FROM record o JOIN record n
        USING (source_facility_id, resource_type, identifier_system, identifier_value)
        WHERE o.participant_id = v_merge.other_id AND o.record_id = r.record_id AND o.is_current
          AND n.participant_id = v_merge.participant_id AND n.is_current);
  WITH now_as AS (
      SELECT DISTINCT m.record_id, m.record_id AS now_id, true AS is_moved
        FROM participant_merge_record m WHERE m.merge_id = p_merge
      UNION ALL
      SELECT o.record_id, n.record_id, false FROM record o JOIN record n
        USING (source_facility_id, resource_type, identifier_system, identifier_value)
        WHERE o.participant_id = v_merge.other_id AND o.is_current
          AND n.participant_id = v_merge.participant_id AND n.is_current),
    moved AS (
      INSERT INTO participant_merge_part (participant_id, merge_id, document_id, record_id,
          document_now, record_now, is_named)
        SELECT v_merge.participant_id, p_merge, d.document_id, d.record_id, w.now_id, p.now_id,
          d.is_named
        FROM document_part d JOIN now_as w ON w.record_id = d.document_id
          JOIN now_as p ON p.record_id = d.record_id
        WHERE d.participant_id = v_merge.other_id AND (w.is_moved OR p.is_moved)
        RETURNING document_now, record_now, is_named)
    INSERT INTO document_part (participant_id, document_id, record_id, is_named)
      SELECT v_merge.participant_id, m.document_now, m.record_now, m.is_named FROM moved m
      ON CONFLICT DO NOTHING;
  DELETE FROM document_part d USING participant_merge_part m
    WHERE m.merge_id = p_merge AND d.participant_id = v_merge.other_id
      AND d.document_id = m.document_id AND d.record_id = m.record_id;
  UPDATE record r SET participant_id = v_merge.participant_id,
      sensitivity = CASE WHEN p_close_all OR r.record_id = ANY (p_closed)
          OR EXISTS (SELECT FROM participant_merge_part d WHERE d.merge_id = p_merge
            AND d.record_id = r.record_id
            AND (d.document_id = ANY (p_closed) OR d.document_now = ANY (p_closed))) THEN 2
        ELSE r.sensitivity END
    FROM participant_merge_record m
    WHERE m.merge_id = p_merge AND r.participant_id = v_merge.other_id
      AND r.record_id = m.record_id AND r.version = m.version;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
-- Gives it back after a split, once: what came to these records meanwhile goes with them, and what
-- came as part of such a document alone. Where a document and what it holds part ways, it holds it
-- no longer.
CREATE OR REPLACE FUNCTION records_give_back(p_merge uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_merge participant_merge;
  v_moved uuid[];
  v_came uuid[];
  v_count integer;
BEGIN
  SELECT * INTO v_merge FROM participant_merge m WHERE m.merge_id = p_merge
    AND app.subject() IN (m.participant_id, m.other_id);
  IF v_merge IS NULL OR app.kind() IS NULL OR app.kind() NOT IN ('participant', 'support')
     OR app.is_proxy() OR app.merge_state(p_merge) <> 'split'
     OR NOT EXISTS (SELECT FROM participant_merge_step s
       WHERE s.merge_id = p_merge AND s.act = 'accepted') THEN
    RAISE EXCEPTION 'nothing goes back without a split' USING ERRCODE = '42501';
  END IF;
  IF EXISTS (SELECT FROM participant_merge_return g WHERE g.merge_id = p_merge) THEN
    RAISE EXCEPTION 'it was given back' USING ERRCODE = '42501';
  END IF;
  INSERT INTO participant_merge_return (participant_id, merge_id)
    VALUES (v_merge.participant_id, p_merge);
  v_moved := ARRAY(SELECT DISTINCT m.record_id FROM participant_merge_record m
    WHERE m.merge_id = p_merge);
  v_came := ARRAY(SELECT r.record_id FROM record r
    WHERE r.participant_id = v_merge.participant_id AND r.version = 1
      AND r.document_id = ANY (v_moved) AND r.record_id <> ALL (v_moved)
      AND NOT EXISTS (SELECT FROM record n JOIN record o
        USING (source_facility_id, resource_type, identifier_system, identifier_value)
        WHERE n.participant_id = v_merge.participant_id AND n.record_id = r.record_id
          AND n.is_current AND o.participant_id = v_merge.other_id AND o.is_current));
  INSERT INTO document_part (participant_id, document_id, record_id, is_named)
    SELECT v_merge.other_id, coalesce(m.document_id, d.document_id),
      coalesce(m.record_id, d.record_id), d.is_named
    FROM document_part d LEFT JOIN participant_merge_part m
      ON m.merge_id = p_merge AND m.document_now = d.document_id AND m.record_now = d.record_id
    WHERE d.participant_id = v_merge.participant_id AND (m.merge_id IS NOT NULL
      OR d.document_id = ANY (v_moved) AND d.record_id = ANY (v_moved || v_came))
    ON CONFLICT (participant_id, document_id, record_id) DO UPDATE SET is_named = excluded.is_named;
  DELETE FROM document_part d WHERE d.participant_id = v_merge.participant_id
    AND (d.document_id = ANY (v_moved) OR d.record_id = ANY (v_moved || v_came));
  UPDATE record r SET participant_id = v_merge.other_id,
      sensitivity = coalesce((SELECT m.sensitivity FROM participant_merge_record m
        WHERE m.merge_id = p_merge AND m.record_id = r.record_id AND m.version = r.version),
        r.sensitivity)
    WHERE r.participant_id = v_merge.participant_id AND r.record_id = ANY (v_moved || v_came);
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
-- Whom a description may be of, for the facility that sent it: who shares the birth date and a
-- first or last character, the name with a near birth date, the certificate or the card. Neither
-- who takes no part, nor who said that this number is not theirs, nor who was told apart from it;
-- for a number that is to be linked, nor who takes no records from this facility.
CREATE OR REPLACE FUNCTION records_match_candidates(
  p_local_id text, p_birth_on date, p_near date[], p_name text, p_kana text, p_insurance text[],
  p_card text)
RETURNS TABLE (participant_id uuid, name text, name_kana text, sex text, birth_on date,
  address text, insurer text, symbol text, number text, branch text, card text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_facility uuid := app.facility();
BEGIN
  IF v_facility IS NULL OR app.kind() IS NULL OR app.kind() NOT IN ('system', 'operator') THEN
    RAISE EXCEPTION 'people are matched for a facility that sends them' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
    WITH found AS (
      SELECT p.participant_id FROM participant p WHERE p.birth_on = p_birth_on
        AND (left(app.folded_name(p.name), 1) = left(p_name, 1)
          OR right(app.folded_name(p.name), 1) = right(p_name, 1)
          OR left(app.folded_name(p.name_kana), 1) = left(p_kana, 1)
          OR right(app.folded_name(p.name_kana), 1) = right(p_kana, 1))
      UNION SELECT p.participant_id FROM participant p
        WHERE p.birth_on = ANY (p_near) AND app.folded_name(p.name) = p_name AND p_name <> ''
      UNION SELECT p.participant_id FROM participant p
        WHERE p.birth_on = ANY (p_near) AND app.folded_name(p.name_kana) = p_kana
          AND p_kana <> ''
      UNION SELECT r.participant_id FROM registration r
        WHERE r.insurer = p_insurance[1] AND app.folded_name(r.insurance_number) = p_insurance[2]
          AND r.insurance_number <> ''
      UNION SELECT c.participant_id FROM card c WHERE c.number = p_card AND c.is_active)
    SELECT p.participant_id, p.name, p.name_kana, p.sex, p.birth_on, coalesce(r.address, ''),
      coalesce(r.insurer, ''), coalesce(r.insurance_symbol, ''), coalesce(r.insurance_number, ''),
      coalesce(r.insurance_branch, ''),
      CASE WHEN EXISTS (SELECT FROM card c WHERE c.participant_id = p.participant_id
        AND c.number = p_card AND c.is_active) THEN p_card ELSE '' END
    FROM found f JOIN participant p USING (participant_id)
    LEFT JOIN registration r USING (participant_id)
    WHERE app.one_person(p.participant_id) = p.participant_id
      AND coalesce((SELECT n.state FROM participation n
        WHERE n.participant_id = p.participant_id ORDER BY n.version DESC LIMIT 1), '')
        NOT IN ('refused', 'withdrawn')
      AND NOT EXISTS (SELECT FROM number_step s WHERE s.participant_id = p.participant_id
        AND s.facility_id = v_facility AND s.local_id = p_local_id AND s.act = 'not_me')
      AND NOT EXISTS (SELECT FROM patient_match m WHERE m.participant_id = p.participant_id
        AND m.facility_id = v_facility AND m.local_id = p_local_id AND m.decision = 'different')
      AND (p_local_id = '' OR NOT coalesce((SELECT v_facility = ANY (d.refused_sources)
        FROM directive d WHERE d.participant_id = p.participant_id
        ORDER BY d.version DESC LIMIT 1), false))
    -- A day on which too many are said to be born must not leave out whoever is most alike.
    ORDER BY (app.folded_name(p.name) = p_name)::integer
      + (app.folded_name(p.name_kana) = p_kana)::integer
      + coalesce(app.folded_name(r.insurance_number) = p_insurance[2], false)::integer DESC,
      p.participant_id
    LIMIT 100;
END $$;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "merges that take everything along", SQL)
