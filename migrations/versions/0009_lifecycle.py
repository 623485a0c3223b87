"""New terms and who answered, consents on paper, and word of facilities that join."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0009_lifecycle"

SQL = r"""
ALTER TABLE enrolment_ticket ADD COLUMN scheme text;
GRANT UPDATE (scheme) ON enrolment_ticket TO tsunagu_app;

-- New terms put to everybody who takes part under others.
CREATE TABLE consent_campaign (
  campaign_id uuid PRIMARY KEY DEFAULT uuidv7(),
  terms_version text NOT NULL,
  answer_by date NOT NULL,
  ends_at timestamptz NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  opened_by uuid,
  called_off_at timestamptz,
  called_off_by uuid
);
-- Invariant: taking part under `held_terms` ends with the campaign, unless it was called off.
CREATE TABLE consent_question (
  participant_id uuid NOT NULL REFERENCES participant,
  campaign_id uuid NOT NULL REFERENCES consent_campaign,
  held_terms text NOT NULL,
  PRIMARY KEY (participant_id, campaign_id)
);
CREATE INDEX consent_question_by_campaign ON consent_question (campaign_id);

-- What a person signed on paper, as it was taken in. The scan is for the person alone.
CREATE TABLE paper_consent (
  participant_id uuid NOT NULL REFERENCES participant,
  paper_id uuid NOT NULL DEFAULT uuidv7(),
  row_hash bytea NOT NULL CHECK (length(row_hash) = 32),
  choice text NOT NULL CHECK (choice IN ('participate', 'refuse')),
  signed_on date NOT NULL,
  -- Versions this paper made; others are the person's own doing.
  participation_version integer,
  directive_version integer,
  imported_at timestamptz NOT NULL DEFAULT now(),
  imported_by uuid,
  PRIMARY KEY (participant_id, paper_id),
  UNIQUE (participant_id, row_hash)
);
CREATE TABLE paper_scan (
  participant_id uuid NOT NULL,
  paper_id uuid NOT NULL,
  sha256 bytea NOT NULL CHECK (sha256 = sha256(content)),
  media_type text NOT NULL CHECK (media_type IN ('application/pdf', 'image/jpeg', 'image/png')),
  content bytea NOT NULL,
  PRIMARY KEY (participant_id, paper_id),
  FOREIGN KEY (participant_id, paper_id) REFERENCES paper_consent
);
-- One list of papers being taken in, and each line that was not; nobody's name is here.
CREATE TABLE paper_import (
  import_id uuid PRIMARY KEY DEFAULT uuidv7(),
  name text NOT NULL,
  lines integer NOT NULL CHECK (lines >= 0),
  taken integer NOT NULL DEFAULT 0,
  unchanged integer NOT NULL DEFAULT 0,
  refused integer NOT NULL DEFAULT 0,
  started_at timestamptz NOT NULL DEFAULT now(),
  touched_at timestamptz NOT NULL DEFAULT now(),
  finished_at timestamptz
);
CREATE TABLE paper_import_fault (
  import_id uuid NOT NULL REFERENCES paper_import,
  line integer NOT NULL,
  reason text NOT NULL,
  params jsonb NOT NULL,
  PRIMARY KEY (import_id, line, reason)
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['consent_question', 'paper_consent', 'paper_scan',
    'paper_import', 'paper_import_fault'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['consent_question', 'paper_consent'] LOOP
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['paper_import', 'paper_import_fault'] LOOP
    EXECUTE format('CREATE POLICY support_centre ON %I
      USING ((SELECT app.kind()) IN (''support'', ''operator''))', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['paper_consent', 'paper_scan'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
  END LOOP;
END $$;
CREATE POLICY of_the_participant ON paper_scan FOR SELECT
  USING (participant_id = (SELECT app.subject()) AND (SELECT app.kind()) = 'participant');
CREATE POLICY taken_in ON paper_scan FOR INSERT
  WITH CHECK (participant_id = (SELECT app.subject())
    AND (SELECT app.kind()) IN ('support', 'operator'));
GRANT SELECT ON consent_campaign, consent_question TO tsunagu_app;
GRANT SELECT, INSERT ON paper_consent, paper_scan, paper_import, paper_import_fault TO tsunagu_app;
GRANT UPDATE (taken, unchanged, refused, touched_at, finished_at) ON paper_import TO tsunagu_app;

-- What concerns many participants at once, each time in one statement: three deeds and one count.
CREATE POLICY lookup ON consent_question TO tsunagu_lookup USING (true);
CREATE POLICY lookup ON participation FOR SELECT TO tsunagu_lookup USING (true);
CREATE POLICY lookup ON directive FOR SELECT TO tsunagu_lookup USING (true);
CREATE POLICY lookup ON residence FOR SELECT TO tsunagu_lookup USING (true);
CREATE POLICY lookup ON access_log_head TO tsunagu_lookup USING (true);
CREATE POLICY lookup ON access_event TO tsunagu_lookup USING (true);
GRANT SELECT, INSERT ON consent_campaign, consent_question TO tsunagu_lookup;
GRANT UPDATE (called_off_at, called_off_by) ON consent_campaign TO tsunagu_lookup;
GRANT SELECT ON participation, directive, residence, facility, access_log_head TO tsunagu_lookup;
GRANT UPDATE (last_pseq, policy_version) ON access_log_head TO tsunagu_lookup;
GRANT INSERT, SELECT (at, eid) ON access_event TO tsunagu_lookup;
GRANT INSERT ON outbox TO tsunagu_lookup;
GRANT EXECUTE ON FUNCTION app.write_event(text[], bigint, text, text, jsonb, jsonb)
  TO tsunagu_lookup;

-- When somebody last lived in these regions: now, within two years, or before; as the decision
-- has it.
CREATE FUNCTION app.lived(p_places jsonb, p_regions text[], p_today date) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
  SELECT CASE
      WHEN count(*) = 0 THEN NULL
      WHEN bool_or((w ->> 'until_on') IS NULL OR p_today < (w ->> 'until_on')::date) THEN 'now'
      WHEN bool_or((w ->> 'until_on')::date > (p_today - interval '2 years')::date) THEN 'recent'
      ELSE 'before' END
  FROM jsonb_array_elements(p_places) w
  WHERE w ->> 'region' = ANY (p_regions)
    AND ((w ->> 'from_on') IS NULL OR (w ->> 'from_on')::date <= p_today)
$$;
GRANT EXECUTE ON FUNCTION app.lived(jsonb, text[], date) TO tsunagu_lookup;

-- Participants asked by a campaign who have not answered it.
CREATE VIEW app.unanswered_question WITH (security_invoker = true) AS
  SELECT q.participant_id, q.campaign_id
  FROM public.consent_question q CROSS JOIN LATERAL (
    SELECT p.state, p.terms_version FROM public.participation p
    WHERE p.participant_id = q.participant_id ORDER BY p.version DESC LIMIT 1) p
  WHERE p.state = 'participating' AND p.terms_version = q.held_terms;
GRANT SELECT ON app.unanswered_question TO tsunagu_lookup;

-- Puts new terms to all who take part under others: asked, logged, told and, through the policy
-- version, bound by the end at their next read. NULL while another campaign is open.
CREATE FUNCTION consent_open_campaign(p_terms text, p_answer_by date) RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
  v_campaign uuid := uuidv7();
  v_detail jsonb := jsonb_build_object('terms', p_terms, 'day', p_answer_by);
  v_asked integer;
BEGIN
  IF v_context[2] IS NULL OR v_context[2] NOT IN ('support', 'operator') THEN
    RAISE EXCEPTION 'only the support centre asks everybody' USING ERRCODE = '42501';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('consent_campaign'));
  IF EXISTS (SELECT FROM consent_campaign WHERE called_off_at IS NULL AND ends_at > now()) THEN
    RETURN NULL;
  END IF;
  INSERT INTO consent_campaign (campaign_id, terms_version, answer_by, ends_at, opened_by)
    VALUES (v_campaign, p_terms, p_answer_by,
      (p_answer_by + 1)::timestamp AT TIME ZONE 'Asia/Tokyo', nullif(v_context[3], '')::uuid);
  WITH asked AS (
    INSERT INTO consent_question (participant_id, campaign_id, held_terms)
    SELECT p.participant_id, v_campaign, p.terms_version
    FROM (SELECT DISTINCT ON (participant_id) participant_id, state, terms_version
          FROM participation ORDER BY participant_id, version DESC) p
    WHERE p.state = 'participating' AND p.terms_version <> p_terms
    RETURNING participant_id
  ), heads AS (
    UPDATE access_log_head h
    SET policy_version = h.policy_version + 1, last_pseq = h.last_pseq + 1
    FROM asked a WHERE h.participant_id = a.participant_id
    RETURNING h.participant_id, h.last_pseq
  ), told AS (
    INSERT INTO outbox (participant_id, event, params, channel)
    SELECT participant_id, 'terms_asked', v_detail, 'inbox' FROM asked
  )
  SELECT count(w.eid) INTO v_asked FROM heads h CROSS JOIN LATERAL app.write_event(
    v_context[1:3] || h.participant_id::text || v_context[5:10], h.last_pseq,
    'consent:terms:asked', 'permitted', v_detail, '{"resources": [], "ids": ""}') w;
  RETURN v_campaign;
END $$;

-- Before its end: whoever has not answered goes on as before, and is told.
CREATE FUNCTION consent_call_off_campaign(p_campaign uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
  v_detail jsonb;
  v_asked integer;
BEGIN
  IF v_context[2] IS NULL OR v_context[2] NOT IN ('support', 'operator') THEN
    RAISE EXCEPTION 'only the support centre asks everybody' USING ERRCODE = '42501';
  END IF;
  UPDATE consent_campaign
    SET called_off_at = now(), called_off_by = nullif(v_context[3], '')::uuid
    WHERE campaign_id = p_campaign AND called_off_at IS NULL AND ends_at > now()
    RETURNING jsonb_build_object('terms', terms_version, 'day', answer_by) INTO v_detail;
  IF v_detail IS NULL THEN
    RETURN false;
  END IF;
  WITH waiting AS (
    SELECT participant_id FROM app.unanswered_question WHERE campaign_id = p_campaign
  ), heads AS (
    UPDATE access_log_head h
    SET policy_version = h.policy_version + 1, last_pseq = h.last_pseq + 1
    FROM waiting w WHERE h.participant_id = w.participant_id
    RETURNING h.participant_id, h.last_pseq
  ), told AS (
    INSERT INTO outbox (participant_id, event, params, channel)
    SELECT participant_id, 'terms_called_off', v_detail, 'inbox' FROM waiting
  )
  SELECT count(w.eid) INTO v_asked FROM heads h CROSS JOIN LATERAL app.write_event(
    v_context[1:3] || h.participant_id::text || v_context[5:10], h.last_pseq,
    'consent:terms:called_off', 'permitted', v_detail, '{"resources": [], "ids": ""}') w;
  RETURN true;
END $$;

-- How many were asked and what became of it; never who.
CREATE FUNCTION consent_campaign_progress(
  p_campaign uuid, OUT asked integer, OUT accepted integer, OUT refused integer,
  OUT unanswered integer)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS NULL OR app.kind() NOT IN ('support', 'operator') THEN
    RAISE EXCEPTION 'only the support centre counts answers' USING ERRCODE = '42501';
  END IF;
  SELECT count(*), count(*) FILTER (WHERE p.state = 'participating'
      AND p.terms_version <> q.held_terms),
    count(*) FILTER (WHERE p.state <> 'participating'),
    count(*) FILTER (WHERE p.state = 'participating' AND p.terms_version = q.held_terms)
    INTO asked, accepted, refused, unanswered
    FROM consent_question q CROSS JOIN LATERAL (
      SELECT x.state, x.terms_version FROM participation x
      WHERE x.participant_id = q.participant_id ORDER BY x.version DESC LIMIT 1) p
    WHERE q.campaign_id = p_campaign;
END $$;

-- A facility joins: everybody whose settings would come to cover it by themselves is told before
-- they do, or is told that it asks. `p_regions`: its own region and those around it; `p_default`:
-- permit, deny or home_area, where no row decides.
CREATE FUNCTION consent_tell_of_facility(p_facility uuid, p_regions text[], p_default text)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_facility facility;
  v_from timestamptz;
  v_today date;
  v_told integer;
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RAISE EXCEPTION 'only an operator registers facilities' USING ERRCODE = '42501';
  END IF;
  SELECT * INTO v_facility FROM facility WHERE facility_id = p_facility;
  v_from := v_facility.joined_at + interval '7 days';
  v_today := (v_from AT TIME ZONE 'Asia/Tokyo')::date;
  WITH held AS (
    SELECT p.participant_id, coalesce(d.provisions, '[]') AS provisions, d.asks_first_since,
      app.lived(coalesce(w.places, '[]'), p_regions, v_today) AS lived
    FROM (SELECT DISTINCT ON (participant_id) participant_id, state
          FROM participation ORDER BY participant_id, version DESC) p
    LEFT JOIN LATERAL (SELECT x.provisions, x.asks_first_since FROM directive x
      WHERE x.participant_id = p.participant_id ORDER BY x.version DESC LIMIT 1) d ON true
    LEFT JOIN LATERAL (SELECT x.places FROM residence x
      WHERE x.participant_id = p.participant_id ORDER BY x.version DESC LIMIT 1) w ON true
    WHERE p.state = 'participating'
  ), covered AS (
    SELECT h.participant_id, h.asks_first_since FROM held h
    LEFT JOIN LATERAL (
      SELECT r ->> 'kind' AS kind FROM jsonb_array_elements(h.provisions) r
      WHERE r ->> 'axis' = 'recipient' AND r ->> 'kind' IN ('permit', 'deny')
        AND (r ?| '{facility_type,region,lived}' OR r -> 'everyone' = 'true')
        AND coalesce(r ->> 'facility_type', v_facility.facility_type) = v_facility.facility_type
        AND (NOT r ? 'region' OR r ->> 'region' = ANY (p_regions))
        AND (NOT r ? 'lived' OR r ->> 'lived' = h.lived)
        AND coalesce((r ->> 'valid_from')::timestamptz <= v_from, true)
        AND coalesce((r ->> 'valid_to')::timestamptz > v_from, true)
        AND (NOT r ? 'purposes' OR r -> 'purposes' ? 'TREAT')
      ORDER BY CASE WHEN r -> 'everyone' = 'true' THEN 3
          WHEN r ? 'facility_type' AND r ?| '{region,lived}' THEN 1 ELSE 2 END,
        r ->> 'kind' = 'permit'
      LIMIT 1) rule ON true
    WHERE coalesce(rule.kind, p_default) = 'permit'
      OR (rule.kind IS NULL AND p_default = 'home_area' AND h.lived = 'now')
  ), told AS (
    INSERT INTO outbox (participant_id, event, params, channel)
    SELECT participant_id,
      CASE WHEN asks_first_since IS NULL THEN 'facility_joins' ELSE 'facility_asks' END,
      jsonb_build_object('facility', jsonb_build_object('ja', v_facility.name,
        'en', v_facility.name_en), 'day', v_today), 'inbox'
    FROM covered RETURNING 1
  )
  SELECT count(*) INTO v_told FROM told;
  RETURN v_told;
END $$;

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
DO $$
DECLARE v_function regprocedure;
BEGIN
  FOR v_function IN SELECT oid FROM pg_proc
    WHERE proname IN ('consent_open_campaign', 'consent_call_off_campaign',
      'consent_campaign_progress', 'consent_tell_of_facility')
      AND pronamespace = 'public'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO tsunagu_lookup', v_function);
    EXECUTE format('SET LOCAL ROLE tsunagu_lookup');
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', v_function);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tsunagu_app', v_function);
    EXECUTE format('SET LOCAL ROLE tsunagu_owner');
  END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "lifecycle", SQL)
