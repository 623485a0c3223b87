"""Matching people: candidates, doubts, how a number was linked, and two who are one."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0035_matching"

SQL = r"""
-- How a facility's number came to mean somebody. `bits`: the score, where one decided.
ALTER TABLE facility_patient
  ADD COLUMN way text NOT NULL DEFAULT 'entered'
    CHECK (way IN ('entered', 'desk', 'card', 'insurance', 'score', 'officer')),
  ADD COLUMN bits real;
-- What became of it, for ever: a trigger writes it, whoever links or ends.
CREATE TABLE number_step (
  participant_id uuid NOT NULL REFERENCES participant,
  step_id uuid NOT NULL DEFAULT uuidv7(),
  facility_id uuid NOT NULL REFERENCES facility,
  local_id text NOT NULL,
  act text NOT NULL CHECK (act IN ('linked', 'ended', 'not_me')),
  way text,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, step_id)
);
CREATE INDEX number_step_of_number ON number_step (facility_id, local_id);
CREATE FUNCTION app.keep_number() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO number_step (participant_id, facility_id, local_id, act, way)
      VALUES (NEW.participant_id, NEW.facility_id, NEW.local_id, 'linked', NEW.way);
  ELSE
    INSERT INTO number_step (participant_id, facility_id, local_id, act, way)
      VALUES (OLD.participant_id, OLD.facility_id, OLD.local_id, 'ended', OLD.way);
  END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER number_is_kept AFTER INSERT OR DELETE ON facility_patient
  FOR EACH ROW EXECUTE FUNCTION app.keep_number();
ALTER TABLE facility_patient ENABLE ALWAYS TRIGGER number_is_kept;
-- What came in by a number whose holder then said that it is not theirs: nobody reads it.
CREATE TABLE number_set_aside (
  participant_id uuid NOT NULL REFERENCES participant,
  facility_id uuid NOT NULL REFERENCES facility,
  local_id text NOT NULL,
  record_id uuid NOT NULL,
  version integer NOT NULL,
  set_aside_at timestamptz NOT NULL DEFAULT now(),
  restored_at timestamptz,
  PRIMARY KEY (participant_id, facility_id, local_id, record_id, version, set_aside_at)
);

-- A facility's patient who may be somebody: for an officer to decide. What the facility sent of
-- them stays no longer than it waits. Neither the facility nor the participant reads it.
CREATE TABLE patient_match (
  participant_id uuid NOT NULL REFERENCES participant,
  match_id uuid NOT NULL DEFAULT uuidv7(),
  facility_id uuid NOT NULL REFERENCES facility,
  local_id text NOT NULL CHECK (length(local_id) BETWEEN 1 AND 64),
  sent jsonb,
  levels jsonb NOT NULL,
  bits real NOT NULL,
  found_at timestamptz NOT NULL DEFAULT now(),
  asked_at timestamptz,
  asked_by_name text,
  decision text CHECK (decision IN ('same', 'different')),
  reason text CHECK (length(reason) BETWEEN 1 AND 200),
  decided_by uuid REFERENCES account,
  decided_by_name text,
  decided_at timestamptz,
  seen_by uuid REFERENCES account,
  seen_by_name text,
  seen_at timestamptz,
  PRIMARY KEY (participant_id, match_id),
  UNIQUE (match_id),
  UNIQUE (facility_id, local_id, participant_id),
  CHECK ((decision IS NULL) = (sent IS NOT NULL)),
  CHECK (num_nulls(decision, reason, decided_by, decided_by_name, decided_at) IN (0, 5)),
  CHECK (num_nulls(seen_by, seen_by_name, seen_at) IN (0, 3)),
  -- Invariant: another officer looks at what one decided.
  CHECK (seen_by IS NULL OR seen_by <> decided_by)
);
CREATE INDEX patient_match_waiting ON patient_match (found_at) WHERE decision IS NULL;
CREATE INDEX patient_match_unseen ON patient_match (decided_at) WHERE seen_by IS NULL;

-- What lay in quarantine and was stored once its person was known.
CREATE TABLE quarantine_delivery (
  facility_id uuid NOT NULL,
  quarantine_id uuid NOT NULL,
  records integer NOT NULL CHECK (records >= 0),
  delivered_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (facility_id, quarantine_id),
  FOREIGN KEY (facility_id, quarantine_id) REFERENCES quarantine
);
ALTER TABLE quarantine_delivery ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_facility ON quarantine_delivery
  USING (facility_id = (SELECT app.facility()));
GRANT SELECT, INSERT ON quarantine_delivery TO tsunagu_app;

-- Two participants who are one person: `participant_id` remains, `other_id` is now them. In force
-- from `accepted` until `split`; the rows of both stay what they are.
CREATE TABLE participant_merge (
  participant_id uuid NOT NULL REFERENCES participant,
  merge_id uuid NOT NULL DEFAULT uuidv7(),
  other_id uuid NOT NULL REFERENCES participant,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
  asked_by uuid NOT NULL DEFAULT app.account() REFERENCES account,
  asked_by_name text NOT NULL,
  asked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, merge_id),
  UNIQUE (merge_id),
  CHECK (participant_id <> other_id)
);
CREATE INDEX participant_merge_of_other ON participant_merge (other_id);
CREATE TABLE participant_merge_step (
  participant_id uuid NOT NULL,
  merge_id uuid NOT NULL,
  step smallint NOT NULL CHECK (step BETWEEN 1 AND 4),
  act text NOT NULL CHECK (act IN ('confirmed', 'withdrawn', 'accepted', 'declined', 'split')),
  by_account uuid NOT NULL DEFAULT app.account() REFERENCES account,
  by_name text NOT NULL,
  reason text NOT NULL DEFAULT '' CHECK (length(reason) <= 200),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, merge_id, step),
  FOREIGN KEY (participant_id, merge_id) REFERENCES participant_merge
);
-- What moved with a merge, as it was: a split gives exactly this back.
CREATE TABLE participant_merge_record (
  participant_id uuid NOT NULL,
  merge_id uuid NOT NULL,
  record_id uuid NOT NULL,
  version integer NOT NULL,
  sensitivity smallint NOT NULL,
  PRIMARY KEY (participant_id, merge_id, record_id, version),
  FOREIGN KEY (participant_id, merge_id) REFERENCES participant_merge
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['number_step', 'number_set_aside', 'patient_match',
    'participant_merge', 'participant_merge_step', 'participant_merge_record'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('GRANT SELECT ON %I TO tsunagu_lookup', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['number_step', 'participant_merge', 'participant_merge_step',
    'participant_merge_record'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
  END LOOP;
END $$;

CREATE POLICY of_the_subject ON number_step USING (participant_id = (SELECT app.subject()));
-- Only the participant's side says that a number is not theirs.
CREATE POLICY said_by_the_subject ON number_step AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (act <> 'not_me' OR (SELECT app.kind()) = 'participant');
GRANT SELECT, INSERT ON number_step TO tsunagu_app;
CREATE POLICY of_the_subject ON number_set_aside USING (participant_id = (SELECT app.subject()));
CREATE POLICY by_kind ON number_set_aside AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) = 'participant');
GRANT SELECT, INSERT, UPDATE (restored_at) ON number_set_aside TO tsunagu_app;
-- Whatever came by a number its holder disowned, they may set aside and have back: no more of what
-- a facility wrote than that.
DROP POLICY own_source_change ON record;
CREATE POLICY own_source_change ON record AS RESTRICTIVE FOR UPDATE TO tsunagu_app
  USING (((SELECT app.kind()) = 'participant') = (source_facility_id = app.self_source())
    OR EXISTS (SELECT FROM number_set_aside s JOIN number_step n
      USING (participant_id, facility_id, local_id)
      WHERE s.participant_id = record.participant_id AND s.facility_id = source_facility_id
        AND s.record_id = record.record_id AND s.version = record.version AND n.act = 'not_me'));

CREATE POLICY support_centre ON patient_match
  USING ((SELECT app.kind()) = 'support');
CREATE POLICY in_own_name ON patient_match AS RESTRICTIVE FOR UPDATE TO tsunagu_app
  USING (decision IS NULL OR seen_by IS NULL)
  WITH CHECK (coalesce(seen_by, decided_by, (SELECT app.account())) = (SELECT app.account()));
CREATE FUNCTION app.match_decided_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF OLD.decision IS NOT NULL
     AND (NEW.decision, NEW.reason, NEW.decided_by, NEW.decided_at, NEW.sent)
       IS DISTINCT FROM (OLD.decision, OLD.reason, OLD.decided_by, OLD.decided_at, OLD.sent) THEN
    RAISE EXCEPTION 'what was decided stays so' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER decided_once BEFORE UPDATE ON patient_match
  FOR EACH ROW EXECUTE FUNCTION app.match_decided_once();
ALTER TABLE patient_match ENABLE ALWAYS TRIGGER decided_once;
GRANT SELECT ON patient_match TO tsunagu_app;
GRANT UPDATE (sent, asked_at, asked_by_name, decision, reason, decided_by, decided_by_name,
  decided_at, seen_by, seen_by_name, seen_at) ON patient_match TO tsunagu_app;
GRANT INSERT, UPDATE (sent, levels, bits) ON patient_match TO tsunagu_lookup;

-- An officer links what they decided to be the same, and nothing else; only the participant's side
-- ends a link.
CREATE POLICY as_decided ON facility_patient AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) IS DISTINCT FROM 'support' OR way = 'officer' AND EXISTS (
    SELECT FROM patient_match m WHERE m.participant_id = facility_patient.participant_id
      AND m.facility_id = facility_patient.facility_id AND m.local_id = facility_patient.local_id
      AND m.decision = 'same' AND m.decided_by = (SELECT app.account())));
CREATE POLICY ended_by_the_subject ON facility_patient AS RESTRICTIVE FOR DELETE TO tsunagu_app
  USING ((SELECT app.kind()) = 'participant');
GRANT DELETE ON facility_patient TO tsunagu_app;

CREATE POLICY of_both ON participant_merge
  USING (participant_id = (SELECT app.subject()) OR other_id = (SELECT app.subject())
    OR (SELECT app.kind()) = 'support');
CREATE POLICY by_kind ON participant_merge AS RESTRICTIVE TO tsunagu_app
  USING ((SELECT app.kind()) IN ('support', 'participant') AND NOT (SELECT app.is_proxy()))
  WITH CHECK ((SELECT app.kind()) = 'support' AND asked_by = (SELECT app.account()));
CREATE POLICY of_both ON participant_merge_step
  USING (EXISTS (SELECT FROM participant_merge m
    WHERE m.merge_id = participant_merge_step.merge_id));
CREATE POLICY who_may_say ON participant_merge_step AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (by_account = (SELECT app.account()) AND CASE (SELECT app.kind())
    WHEN 'support' THEN act IN ('confirmed', 'withdrawn', 'split')
    WHEN 'participant' THEN NOT (SELECT app.is_proxy()) AND (act = 'split'
      OR act IN ('accepted', 'declined') AND participant_id = (SELECT app.subject()))
    ELSE false END);
CREATE POLICY of_the_subject ON participant_merge_record
  USING (participant_id = (SELECT app.subject()));
GRANT SELECT, INSERT ON participant_merge, participant_merge_step TO tsunagu_app;
GRANT SELECT ON participant_merge_record TO tsunagu_app;
GRANT INSERT ON participant_merge_record TO tsunagu_lookup;

CREATE FUNCTION app.merge_state(p_merge uuid) RETURNS text LANGUAGE sql STABLE
RETURN coalesce((SELECT s.act FROM public.participant_merge_step s WHERE s.merge_id = p_merge
  ORDER BY s.step DESC LIMIT 1), 'asked');
-- Who somebody is now: the one place that follows a merge.
CREATE FUNCTION app.one_person(p_participant uuid) RETURNS uuid LANGUAGE sql STABLE
RETURN coalesce((SELECT m.participant_id FROM public.participant_merge m
  WHERE m.other_id = p_participant AND app.merge_state(m.merge_id) = 'accepted'), p_participant);
GRANT EXECUTE ON FUNCTION app.merge_state(uuid), app.one_person(uuid)
  TO tsunagu_app, tsunagu_lookup;

GRANT UPDATE (participant_id, sensitivity) ON record TO tsunagu_lookup;
CREATE POLICY moved ON record FOR UPDATE TO tsunagu_lookup USING (true) WITH CHECK (true);
ALTER TABLE facility_notice DROP CONSTRAINT facility_notice_event_check;
ALTER TABLE facility_notice ADD CONSTRAINT facility_notice_event_check
  CHECK (event IN ('access_ended', 'match_question'));
CREATE INDEX registration_by_certificate
  ON registration (insurer, app.folded_name(insurance_number)) WHERE insurance_number <> '';
CREATE INDEX participant_merge_step_newest ON participant_merge_step (merge_id, step);

GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- A merge holds two people who are in no other, or whose rest is in none.
CREATE FUNCTION app.merge_holds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('participant_merge'));
  IF EXISTS (SELECT FROM participant_merge m
      WHERE (NEW.other_id IN (m.participant_id, m.other_id) OR NEW.participant_id = m.other_id)
        AND app.merge_state(m.merge_id) IN ('asked', 'confirmed', 'accepted')) THEN
    RAISE EXCEPTION 'one of them is part of another merge' USING ERRCODE = '23P01';
  END IF;
  RETURN NEW;
END $$;
CREATE FUNCTION app.merge_step_holds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_before text := app.merge_state(NEW.merge_id);
BEGIN
  IF NOT (CASE NEW.act
      WHEN 'confirmed' THEN v_before = 'asked'
      WHEN 'withdrawn' THEN v_before = 'asked'
      WHEN 'accepted' THEN v_before = 'confirmed'
      WHEN 'declined' THEN v_before = 'confirmed'
      ELSE v_before IN ('confirmed', 'accepted') END) THEN
    RAISE EXCEPTION 'a merge that is % is not %', v_before, NEW.act USING ERRCODE = '23P01';
  END IF;
  -- Invariant: two officers, each in their own name, stand behind every merge.
  IF NEW.act = 'confirmed' AND EXISTS (SELECT FROM participant_merge m
      WHERE m.merge_id = NEW.merge_id AND m.asked_by = NEW.by_account) THEN
    RAISE EXCEPTION 'a second officer confirms' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
-- Whom a description may be of, for the facility that sent it: who shares the birth date and a
-- first or last character, the name with a near birth date, the certificate or the card. Neither
-- who takes no part, nor who said that this number is not theirs, nor who was told apart from it.
CREATE FUNCTION records_match_candidates(
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
    -- A day on which too many are said to be born must not leave out whoever is most alike.
    ORDER BY (app.folded_name(p.name) = p_name)::integer
      + (app.folded_name(p.name_kana) = p_kana)::integer
      + coalesce(app.folded_name(r.insurance_number) = p_insurance[2], false)::integer DESC,
      p.participant_id
    LIMIT 100;
END $$;
-- Puts a doubt before the support centre, in the name of the facility that sent it.
CREATE FUNCTION records_note_doubtful(
  p_local_id text, p_sent jsonb, p_participant uuid, p_levels jsonb, p_bits real)
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.facility() IS NULL OR app.kind() IS NULL OR app.kind() NOT IN ('system', 'operator') THEN
    RAISE EXCEPTION 'people are matched for a facility that sends them' USING ERRCODE = '42501';
  END IF;
  INSERT INTO patient_match (participant_id, facility_id, local_id, sent, levels, bits)
    VALUES (p_participant, app.facility(), p_local_id, p_sent, p_levels, p_bits)
    ON CONFLICT (facility_id, local_id, participant_id) DO UPDATE
      SET sent = excluded.sent, levels = excluded.levels, bits = excluded.bits
      WHERE patient_match.decision IS NULL;
END $$;
-- Asks a facility to look at one of its own patients; says nothing of who they may be.
CREATE FUNCTION records_ask_facility(p_match uuid) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'support' THEN
    RAISE EXCEPTION 'the support centre alone asks' USING ERRCODE = '42501';
  END IF;
  INSERT INTO facility_notice (facility_id, event, local_id)
    SELECT m.facility_id, 'match_question', m.local_id FROM patient_match m
    WHERE m.match_id = p_match AND m.decision IS NULL;
END $$;
-- Moves what the other has to whom they were said to be, with their yes; `p_closed` (or all) come
-- in as secret. What both have of one sender under one name stays where it is.
CREATE FUNCTION records_take_over(p_merge uuid, p_closed uuid[], p_close_all boolean)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_merge participant_merge;
  v_count integer;
BEGIN
  SELECT * INTO v_merge FROM participant_merge m
    WHERE m.merge_id = p_merge AND m.participant_id = app.subject();
  IF v_merge IS NULL OR app.kind() IS DISTINCT FROM 'participant' OR app.is_proxy()
     OR app.merge_state(p_merge) <> 'accepted' OR EXISTS (
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
  UPDATE record r SET participant_id = v_merge.participant_id,
      sensitivity = CASE WHEN p_close_all OR r.record_id = ANY (p_closed) THEN 2
        ELSE r.sensitivity END
    FROM participant_merge_record m
    WHERE m.merge_id = p_merge AND r.participant_id = v_merge.other_id
      AND r.record_id = m.record_id AND r.version = m.version;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
-- Gives it back after a split: what came to these records meanwhile goes with them.
CREATE FUNCTION records_give_back(p_merge uuid) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_merge participant_merge;
  v_count integer;
BEGIN
  SELECT * INTO v_merge FROM participant_merge m WHERE m.merge_id = p_merge
    AND app.subject() IN (m.participant_id, m.other_id);
  IF v_merge IS NULL OR app.kind() IS NULL OR app.kind() NOT IN ('participant', 'support')
     OR app.is_proxy() OR app.merge_state(p_merge) <> 'split' THEN
    RAISE EXCEPTION 'nothing goes back without a split' USING ERRCODE = '42501';
  END IF;
  UPDATE record r SET participant_id = v_merge.other_id,
      sensitivity = coalesce((SELECT m.sensitivity FROM participant_merge_record m
        WHERE m.merge_id = p_merge AND m.record_id = r.record_id AND m.version = r.version),
        r.sensitivity)
    WHERE r.participant_id = v_merge.participant_id AND r.record_id IN (
      SELECT m.record_id FROM participant_merge_record m WHERE m.merge_id = p_merge);
  GET DIAGNOSTICS v_count = ROW_COUNT;
  RETURN v_count;
END $$;
-- Cards and numbers of who was merged lead to who they are now.
CREATE OR REPLACE FUNCTION identity_participant_of_card(p_number text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT app.one_person(participant_id) FROM card WHERE number = p_number AND is_active
$$;
CREATE OR REPLACE FUNCTION records_participant_of_local_id(p_facility_id uuid, p_local_id text)
RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT app.one_person(participant_id) FROM facility_patient
  WHERE facility_id = p_facility_id AND facility_id = app.facility() AND local_id = p_local_id
$$;
-- In an emergency two registrations that are one person are one.
CREATE OR REPLACE FUNCTION emergency_find_person(p_name text, p_name_kana text, p_sex text,
  p_birth_on date)
RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_found uuid[];
BEGIN
  IF (app.context())[7] IS DISTINCT FROM 'BTG' OR app.facility() IS NULL THEN
    RAISE EXCEPTION 'people are looked for so in an emergency alone' USING ERRCODE = '42501';
  END IF;
  SELECT array_agg(DISTINCT app.one_person(p.participant_id)) INTO v_found FROM participant p
    WHERE birth_on = p_birth_on AND sex = p_sex
      AND translate(name_kana, ' 　', '') = translate(p_name_kana, ' 　', '')
      AND translate(name, ' 　', '') = translate(p_name, ' 　', '');
  RETURN CASE WHEN cardinality(v_found) = 1 THEN v_found[1] END;
END $$;
REVOKE EXECUTE ON FUNCTION app.merge_holds(), app.merge_step_holds(),
  records_match_candidates(text, date, date[], text, text, text[], text),
  records_note_doubtful(text, jsonb, uuid, jsonb, real), records_ask_facility(uuid),
  records_take_over(uuid, uuid[], boolean), records_give_back(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION
  records_match_candidates(text, date, date[], text, text, text[], text),
  records_note_doubtful(text, jsonb, uuid, jsonb, real), records_ask_facility(uuid),
  records_take_over(uuid, uuid[], boolean), records_give_back(uuid) TO tsunagu_app;
GRANT EXECUTE ON FUNCTION app.merge_holds(), app.merge_step_holds() TO tsunagu_owner;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;
CREATE TRIGGER merge_holds BEFORE INSERT ON participant_merge
  FOR EACH ROW EXECUTE FUNCTION app.merge_holds();
CREATE TRIGGER merge_step_holds BEFORE INSERT ON participant_merge_step
  FOR EACH ROW EXECUTE FUNCTION app.merge_step_holds();
ALTER TABLE participant_merge ENABLE ALWAYS TRIGGER merge_holds;
ALTER TABLE participant_merge_step ENABLE ALWAYS TRIGGER merge_step_holds;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "matching people", SQL)
