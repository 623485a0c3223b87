"""Ties that shut the emergency door, more ways to identify, and holds that can be asked for."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0051_emergency_ties_and_holds"

SQL = r"""
-- How a person was identified: also by the national card a reader shows, and by insurance.
ALTER TABLE emergency_session DROP CONSTRAINT emergency_session_identification_check;
ALTER TABLE emergency_session ADD CONSTRAINT emergency_session_identification_check
  CHECK (identification IN ('card', 'emergency_card', 'local_id', 'four_items', 'my_number_card',
    'insurance'));

-- What a professional says of themselves, in versions: their own card, their own insurance. Nobody
-- is asked whether it is so: what is said falsely shuts out nobody but who says it.
CREATE TABLE tie_declaration (
  professional_id uuid NOT NULL REFERENCES professional,
  version integer NOT NULL CHECK (version >= 1),
  card text NOT NULL DEFAULT '' CHECK (card ~ '^([0-9]{16})?$'),
  insurer text NOT NULL DEFAULT '' CHECK (insurer ~ '^([0-9]{8})?$'),
  insurance_symbol text NOT NULL DEFAULT '' CHECK (length(insurance_symbol) <= 40),
  insurance_number text NOT NULL DEFAULT '' CHECK (length(insurance_number) <= 40),
  declared_at timestamptz NOT NULL,
  PRIMARY KEY (professional_id, version),
  CHECK ((insurer = '') = (insurance_number = ''))
);
ALTER TABLE tie_declaration ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_professional ON tie_declaration
  USING ((SELECT app.kind()) = 'professional'
    AND professional_id = nullif((SELECT (app.context())[6]), '')::uuid);
CREATE POLICY lookup ON tie_declaration FOR SELECT TO tsunagu_lookup USING (true);
GRANT SELECT, INSERT ON tie_declaration TO tsunagu_app;
GRANT SELECT ON tie_declaration TO tsunagu_lookup;

-- The opener asks that what is told of a session wait: for as long as two officers may take, and no
-- longer. One of them makes a hold of it, another confirms it; any of them refuses it.
CREATE TABLE emergency_hold_request (
  participant_id uuid NOT NULL,
  session_id uuid NOT NULL,
  by_name text NOT NULL,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  asked_at timestamptz NOT NULL,
  waits_until timestamptz NOT NULL,
  PRIMARY KEY (participant_id, session_id),
  FOREIGN KEY (participant_id, session_id) REFERENCES emergency_session,
  CHECK (waits_until > asked_at AND waits_until <= asked_at + interval '30 minutes')
);
CREATE TABLE emergency_hold_refusal (
  participant_id uuid NOT NULL,
  session_id uuid NOT NULL,
  refused_by uuid NOT NULL,
  by_name text NOT NULL,
  refused_at timestamptz NOT NULL,
  PRIMARY KEY (participant_id, session_id),
  FOREIGN KEY (participant_id, session_id) REFERENCES emergency_hold_request
);
ALTER TABLE emergency_hold ADD COLUMN session_id uuid;
ALTER TABLE emergency_hold ADD FOREIGN KEY (participant_id, session_id)
  REFERENCES emergency_hold_request (participant_id, session_id);
CREATE UNIQUE INDEX emergency_hold_of_session ON emergency_hold (participant_id, session_id)
  WHERE session_id IS NOT NULL;

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['emergency_hold_request', 'emergency_hold_refusal'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
    EXECUTE format('CREATE POLICY support_centre ON %I FOR SELECT TO tsunagu_app
      USING ((SELECT app.kind()) = ''support'')', v_table);
    EXECUTE format('CREATE POLICY kind_may_select ON %I AS RESTRICTIVE FOR SELECT TO tsunagu_app
      USING ((SELECT app.kind()) IN (''support'', ''professional'', ''system''))', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['tie_declaration', 'emergency_hold_request',
    'emergency_hold_refusal'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO tsunagu_app', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['emergency_hold', 'emergency_hold_confirmation',
    'emergency_hold_request', 'emergency_hold_refusal'] LOOP
    EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('GRANT SELECT ON %I TO tsunagu_lookup', v_table);
  END LOOP;
END $$;
CREATE POLICY kind_may_insert ON emergency_hold_request AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) IN ('professional', 'system') AND session_id IN (
    SELECT s.session_id FROM emergency_session s
    WHERE s.professional_id = nullif((SELECT (app.context())[6]), '')::uuid
      AND s.facility_id = (SELECT app.facility())));
CREATE POLICY kind_may_insert ON emergency_hold_refusal AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) = 'support');

CREATE FUNCTION app.emergency_ask_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'tie_declaration' THEN
    NEW.declared_at := clock_timestamp();
  ELSIF TG_TABLE_NAME = 'emergency_hold_request' THEN
    NEW.asked_at := clock_timestamp();
    NEW.waits_until := NEW.asked_at + interval '30 minutes';
  ELSE
    NEW.refused_by := app.account();
    NEW.refused_at := clock_timestamp();
    IF EXISTS (SELECT FROM emergency_hold h
        JOIN emergency_hold_confirmation c USING (participant_id, hold_id)
        WHERE h.participant_id = NEW.participant_id AND h.session_id = NEW.session_id) THEN
      RAISE EXCEPTION 'two officers have agreed to it' USING ERRCODE = '42501';
    END IF;
  END IF;
  RETURN NEW;
END $$;
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['tie_declaration', 'emergency_hold_request',
    'emergency_hold_refusal'] LOOP
    EXECUTE format('CREATE TRIGGER emergency_ask_holds BEFORE INSERT ON %I
      FOR EACH ROW EXECUTE FUNCTION app.emergency_ask_holds()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER emergency_ask_holds', v_table);
  END LOOP;
END $$;

-- What was refused stays refused, and nobody confirms what its opener's officer asked for.
CREATE FUNCTION app.emergency_hold_answers() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM emergency_hold h
      JOIN emergency_hold_refusal r USING (participant_id, session_id)
      WHERE h.participant_id = NEW.participant_id AND h.hold_id = NEW.hold_id) THEN
    RAISE EXCEPTION 'the hold was refused' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_hold_answers BEFORE INSERT ON emergency_hold_confirmation
  FOR EACH ROW EXECUTE FUNCTION app.emergency_hold_answers();
ALTER TABLE emergency_hold_confirmation ENABLE ALWAYS TRIGGER emergency_hold_answers;

-- Until when openings about the subject are held back now; NULL where nothing is held. A request
-- that nobody answered yet holds too, for its half hour.
CREATE OR REPLACE FUNCTION app.emergency_held_until(p_participant uuid) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN (SELECT max(k.until_at) FROM (
  SELECT h.until_at FROM public.emergency_hold h
    JOIN public.emergency_hold_confirmation c USING (participant_id, hold_id)
    WHERE h.participant_id = p_participant
  UNION ALL
  SELECT r.waits_until FROM public.emergency_hold_request r
    WHERE r.participant_id = p_participant
      AND NOT EXISTS (SELECT FROM public.emergency_hold_refusal f
        WHERE f.participant_id = r.participant_id AND f.session_id = r.session_id)
      AND NOT EXISTS (SELECT FROM public.emergency_hold h
        JOIN public.emergency_hold_confirmation c USING (participant_id, hold_id)
        WHERE h.participant_id = r.participant_id AND h.session_id = r.session_id)) k
  WHERE k.until_at > clock_timestamp());
GRANT EXECUTE ON FUNCTION app.emergency_held_until(uuid) TO tsunagu_lookup;

-- What a hold keeps from being told: emergencies, and that a facility looked for the first time, by
-- which whoever watches the telephone would learn where somebody lies.
CREATE FUNCTION app.waits_for_a_hold(p_event text) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN p_event LIKE 'emergency\_%' OR p_event = 'first_access';
GRANT EXECUTE ON FUNCTION app.waits_for_a_hold(text) TO tsunagu_app, tsunagu_lookup;
DROP TRIGGER emergency_notice_holds ON outbox;
CREATE TRIGGER emergency_notice_holds BEFORE INSERT ON outbox
  FOR EACH ROW WHEN (app.waits_for_a_hold(NEW.event) OR NEW.not_before IS NOT NULL)
  EXECUTE FUNCTION app.emergency_notice_holds();
ALTER TABLE outbox ENABLE ALWAYS TRIGGER emergency_notice_holds;
-- An answer moves the end of waiting notices; to when is PostgreSQL's to say. Each waits for three
-- days at most, however many holds follow each other.
CREATE OR REPLACE FUNCTION app.emergency_notice_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_until timestamptz;
BEGIN
  IF app.waits_for_a_hold(NEW.event) THEN
    v_until := app.emergency_held_until(NEW.participant_id);
  END IF;
  NEW.not_before := CASE WHEN v_until IS NOT NULL
    THEN least(v_until, NEW.created_at + interval '72 hours') END;
  RETURN NEW;
END $$;
GRANT UPDATE (not_before) ON outbox TO tsunagu_app;
CREATE POLICY held_again ON outbox AS RESTRICTIVE FOR UPDATE TO tsunagu_app
  USING ((SELECT app.kind()) = 'support' AND app.waits_for_a_hold(event) AND not_before > now())
  WITH CHECK ((SELECT app.kind()) = 'support');
CREATE TRIGGER emergency_notice_moves BEFORE UPDATE OF not_before ON outbox
  FOR EACH ROW EXECUTE FUNCTION app.emergency_notice_holds();
ALTER TABLE outbox ENABLE ALWAYS TRIGGER emergency_notice_moves;

-- Its job comes when the notice does.
GRANT UPDATE (execute_after) ON jobs.pgqueuer TO tsunagu_lookup;
GRANT CREATE ON SCHEMA app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
CREATE FUNCTION app.move_notice_job() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  UPDATE jobs.pgqueuer SET execute_after = greatest(now(), NEW.not_before)
    WHERE dedupe_key = 'notice/' || NEW.participant_id::text || '/' || NEW.notice_id::text
      AND status = 'queued';
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION app.move_notice_job() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.move_notice_job() TO tsunagu_owner;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA app FROM tsunagu_lookup;
CREATE TRIGGER notice_job_moves AFTER UPDATE OF not_before ON outbox
  FOR EACH ROW EXECUTE FUNCTION app.move_notice_job();
ALTER TABLE outbox ENABLE ALWAYS TRIGGER notice_job_moves;

CREATE INDEX registration_by_insured ON registration (insurer, insurance_number)
  WHERE insurer <> '';

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Four items, all of them; an id only where they are exactly one person's, merged ones being one.
CREATE OR REPLACE FUNCTION emergency_find_person(
  p_name text, p_name_kana text, p_sex text, p_birth_on date)
RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_found uuid[];
BEGIN
  IF (app.context())[7] IS DISTINCT FROM 'BTG' OR app.facility() IS NULL THEN
    RAISE EXCEPTION 'people are looked for so in an emergency alone' USING ERRCODE = '42501';
  END IF;
  SELECT array_agg(DISTINCT app.one_person(p.participant_id)) INTO v_found FROM (
    SELECT participant_id FROM participant
    WHERE birth_on = p_birth_on AND sex = p_sex
      AND translate(name_kana, ' 　', '') = translate(p_name_kana, ' 　', '')
      AND translate(name, ' 　', '') = translate(p_name, ' 　', '')
    LIMIT 10) p;
  RETURN CASE WHEN cardinality(v_found) = 1 THEN v_found[1] END;
END $$;
-- Insurer, symbol and number, and the branch where it is known; an id only of exactly one person.
CREATE FUNCTION emergency_find_insured(
  p_insurer text, p_symbol text, p_number text, p_branch text)
RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_found uuid[];
BEGIN
  IF (app.context())[7] IS DISTINCT FROM 'BTG' OR app.facility() IS NULL THEN
    RAISE EXCEPTION 'people are looked for so in an emergency alone' USING ERRCODE = '42501';
  END IF;
  SELECT array_agg(DISTINCT app.one_person(r.participant_id)) INTO v_found FROM (
    SELECT participant_id FROM registration
    WHERE insurer = p_insurer AND insurer <> '' AND insurance_symbol = p_symbol
      AND insurance_number = p_number AND (p_branch = '' OR insurance_branch = p_branch)
    LIMIT 10) r;
  RETURN CASE WHEN cardinality(v_found) = 1 THEN v_found[1] END;
END $$;
-- What the acting professional and the subject are to each other: oneself, represents (a proxy or
-- contact, however it stands, until it has ended) or shares_insurance; NULL for none that is known.
-- What a professional takes back goes on to count for ninety days.
CREATE FUNCTION emergency_tie() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_professional uuid := nullif((app.context())[6], '')::uuid;
  v_subject uuid := app.subject();
  v_self uuid[];
BEGIN
  IF (app.context())[7] IS DISTINCT FROM 'BTG' OR v_professional IS NULL OR v_subject IS NULL THEN
    RAISE EXCEPTION 'ties are asked for in an emergency alone' USING ERRCODE = '42501';
  END IF;
  SELECT coalesce(array_agg(app.one_person(c.participant_id)), '{}') INTO v_self
    FROM tie_declaration d JOIN card c ON c.number = d.card
    WHERE d.professional_id = v_professional AND NOT EXISTS (SELECT FROM tie_declaration l
      WHERE l.professional_id = d.professional_id AND l.version > d.version
        AND l.declared_at < now() - interval '90 days');
  IF v_subject = ANY (v_self) THEN
    RETURN 'oneself';
  END IF;
  IF EXISTS (SELECT FROM proxy p CROSS JOIN LATERAL (SELECT t.state FROM proxy_step t
      WHERE t.participant_id = p.participant_id AND t.proxy_id = p.proxy_id
      ORDER BY t.step DESC LIMIT 1) l
      WHERE p.participant_id = v_subject AND p.representative_id = ANY (v_self)
        AND l.state <> 'ended') THEN
    RETURN 'represents';
  END IF;
  IF EXISTS (SELECT FROM registration r WHERE r.participant_id = v_subject AND r.insurer <> ''
      AND (EXISTS (SELECT FROM registration o WHERE o.participant_id = ANY (v_self)
          AND (o.insurer, o.insurance_symbol, o.insurance_number)
            = (r.insurer, r.insurance_symbol, r.insurance_number))
        OR EXISTS (SELECT FROM tie_declaration d WHERE d.professional_id = v_professional
          AND (d.insurer, d.insurance_symbol, d.insurance_number)
            = (r.insurer, r.insurance_symbol, r.insurance_number)
          AND NOT EXISTS (SELECT FROM tie_declaration l
            WHERE l.professional_id = d.professional_id AND l.version > d.version
              AND l.declared_at < now() - interval '90 days')))) THEN
    RETURN 'shares_insurance';
  END IF;
  RETURN NULL;
END $$;
-- Since when what is told of the subject's emergencies is held back; not why. NULL where nothing is
-- held now. Whatever two officers agree to goes on with what waited then, and with their own hold
-- before it; one request does not go on with another. What was told before stays told.
CREATE FUNCTION emergency_kept_back_since() RETURNS timestamptz
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH asked AS (
    SELECT tstzrange(r.asked_at, greatest(r.asked_at,
        least(r.waits_until, f.refused_at, c.confirmed_at)), '[]') AS held
      FROM emergency_hold_request r
      LEFT JOIN emergency_hold_refusal f USING (participant_id, session_id)
      LEFT JOIN emergency_hold h USING (participant_id, session_id)
      LEFT JOIN emergency_hold_confirmation c USING (participant_id, hold_id)
      WHERE r.participant_id = app.subject()
  ), agreed AS (
    SELECT k.held FROM unnest((
      SELECT range_agg(tstzrange(c.confirmed_at, h.until_at)) FROM emergency_hold h
        JOIN emergency_hold_confirmation c USING (participant_id, hold_id)
        WHERE h.participant_id = app.subject() AND c.confirmed_at < h.until_at)) AS k (held)
    WHERE k.held @> clock_timestamp()
  )
  SELECT least((SELECT lower(held) FROM agreed), (SELECT min(lower(a.held)) FROM asked a
    WHERE a.held @> clock_timestamp() OR a.held && (SELECT held FROM agreed)))
$$;
REVOKE EXECUTE ON FUNCTION emergency_find_insured(text, text, text, text), emergency_tie(),
  emergency_kept_back_since() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION emergency_find_insured(text, text, text, text), emergency_tie(),
  emergency_kept_back_since() TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;

CREATE FUNCTION app.emergency_is_no_relation() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF emergency_tie() IS NOT NULL THEN
    RAISE EXCEPTION 'nobody opens their own records, or those of their own people'
      USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_is_no_relation BEFORE INSERT ON emergency_session
  FOR EACH ROW EXECUTE FUNCTION app.emergency_is_no_relation();
ALTER TABLE emergency_session ENABLE ALWAYS TRIGGER emergency_is_no_relation;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "emergency ties and holds", SQL)
