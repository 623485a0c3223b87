"""Emergency sessions, their reviews and holds, and what PostgreSQL refuses of them by itself."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0031_emergency"

SQL = r"""
-- What a participant chose for an emergency, in versions; without any, viewing is allowed.
CREATE TABLE emergency_choice (
  participant_id uuid NOT NULL REFERENCES participant,
  version integer NOT NULL CHECK (version >= 1),
  kind text NOT NULL CHECK (kind IN ('allow', 'ceiling', 'refuse')),
  categories text[] NOT NULL DEFAULT '{}',
  level smallint NOT NULL CHECK (level IN (0, 1)), -- secret records stay shut
  shows_hidden boolean NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by uuid,
  PRIMARY KEY (participant_id, version),
  CHECK (kind = 'ceiling' OR (categories = '{}' AND level = 1 AND shows_hidden))
);

-- What was asked for; what became of it are its steps.
CREATE TABLE emergency_session (
  participant_id uuid NOT NULL REFERENCES participant,
  session_id uuid NOT NULL,
  professional_id uuid NOT NULL REFERENCES professional,
  facility_id uuid NOT NULL REFERENCES facility,
  opened_by uuid, -- the account; none where the facility's own system vouches
  by_name text NOT NULL,
  reason text NOT NULL CHECK (reason ~ '^[a-z_]{1,40}$'),
  words text NOT NULL CHECK (length(words) BETWEEN 1 AND 500),
  identification text NOT NULL
    CHECK (identification IN ('card', 'local_id', 'four_items', 'insurance')),
  identified_at timestamptz NOT NULL,
  authenticated_at timestamptz NOT NULL,
  requested_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (participant_id, session_id),
  UNIQUE (session_id),
  CHECK (authenticated_at BETWEEN requested_at - interval '5 minutes' AND requested_at),
  CHECK (identified_at BETWEEN requested_at - interval '5 minutes' AND requested_at)
);
CREATE INDEX emergency_session_of ON emergency_session (professional_id, requested_at);
-- Invariant: each step names the state it follows, and that state is the step's before it.
CREATE TABLE emergency_step (
  participant_id uuid NOT NULL,
  session_id uuid NOT NULL,
  step smallint NOT NULL,
  kind text NOT NULL,
  state text NOT NULL,
  after text,
  previous smallint GENERATED ALWAYS AS (CASE WHEN step > 1 THEN step - 1 END) STORED,
  expires_at timestamptz,
  by_kind text NOT NULL,
  by_account uuid,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (participant_id, session_id, step),
  UNIQUE (participant_id, session_id, step, state),
  FOREIGN KEY (participant_id, session_id) REFERENCES emergency_session,
  FOREIGN KEY (participant_id, session_id, previous, after)
    REFERENCES emergency_step (participant_id, session_id, step, state),
  CHECK ((step = 1) = (kind = 'requested') AND (step = 1) = (after IS NULL)),
  CHECK ((coalesce(after, ''), kind, state) IN (
    ('', 'requested', 'requested'), ('requested', 'activated', 't1'), ('t1', 'widened', 't2'),
    ('t1', 'renewed', 't1'), ('t2', 'renewed', 't2'))
    OR (state = 'ended' AND after IN ('requested', 't1', 't2')
      AND kind IN ('expired', 'closed', 'switched_off', 'excluded', 'revoked'))),
  CHECK ((expires_at IS NULL) = (state = 'ended'))
);
CREATE UNIQUE INDEX emergency_renewed_once
  ON emergency_step (participant_id, session_id) WHERE kind = 'renewed';

-- The review of one session; `doubted` is what one officer found, `not_justified` what two did.
CREATE TABLE emergency_review_step (
  participant_id uuid NOT NULL,
  session_id uuid NOT NULL,
  step smallint NOT NULL,
  state text NOT NULL,
  after text,
  previous smallint GENERATED ALWAYS AS (CASE WHEN step > 1 THEN step - 1 END) STORED,
  words text NOT NULL CHECK (length(words) <= 2000),
  by_kind text NOT NULL,
  by_account uuid,
  by_name text NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (participant_id, session_id, step),
  UNIQUE (participant_id, session_id, step, state),
  FOREIGN KEY (participant_id, session_id) REFERENCES emergency_session,
  FOREIGN KEY (participant_id, session_id, previous, after)
    REFERENCES emergency_review_step (participant_id, session_id, step, state),
  CHECK ((step = 1) = (state = 'pending') AND (step = 1) = (after IS NULL)),
  CHECK ((coalesce(after, ''), state) IN (('', 'pending'), ('pending', 'queried'),
    ('pending', 'justified'), ('pending', 'doubted'), ('queried', 'answered'),
    ('queried', 'justified'), ('queried', 'doubted'), ('answered', 'queried'),
    ('answered', 'justified'), ('answered', 'doubted'), ('doubted', 'not_justified'),
    ('doubted', 'justified'), ('justified', 'told'), ('not_justified', 'told')))
);

-- Until `until_at` an opening is not told, by two officers; neither does the log show it.
CREATE TABLE emergency_hold (
  participant_id uuid NOT NULL REFERENCES participant,
  hold_id uuid NOT NULL DEFAULT uuidv7(),
  asked_by uuid NOT NULL,
  by_name text NOT NULL,
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 500),
  asked_at timestamptz NOT NULL,
  until_at timestamptz NOT NULL,
  PRIMARY KEY (participant_id, hold_id),
  UNIQUE (participant_id, hold_id, asked_by),
  CHECK (until_at > asked_at AND until_at <= asked_at + interval '72 hours')
);
CREATE TABLE emergency_hold_confirmation (
  participant_id uuid NOT NULL,
  hold_id uuid NOT NULL,
  asked_by uuid NOT NULL,
  confirmed_by uuid NOT NULL CHECK (confirmed_by <> asked_by),
  by_name text NOT NULL,
  confirmed_at timestamptz NOT NULL,
  PRIMARY KEY (participant_id, hold_id),
  FOREIGN KEY (participant_id, hold_id, asked_by)
    REFERENCES emergency_hold (participant_id, hold_id, asked_by)
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['emergency_choice', 'emergency_session', 'emergency_step',
    'emergency_review_step', 'emergency_hold', 'emergency_hold_confirmation'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO tsunagu_app', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['emergency_session', 'emergency_step', 'emergency_review_step',
    'emergency_hold', 'emergency_hold_confirmation'] LOOP
    EXECUTE format('CREATE POLICY support_centre ON %I FOR SELECT TO tsunagu_app
      USING ((SELECT app.kind()) = ''support'')', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['emergency_hold', 'emergency_hold_confirmation'] LOOP
    -- A hold that whoever it keeps something from could see would keep nothing.
    EXECUTE format('CREATE POLICY kind_may_select ON %I AS RESTRICTIVE FOR SELECT TO tsunagu_app
      USING ((SELECT app.kind()) IN (''support'', ''professional'', ''system''))', v_table);
    EXECUTE format('CREATE POLICY kind_may_insert ON %I AS RESTRICTIVE FOR INSERT TO tsunagu_app
      WITH CHECK ((SELECT app.kind()) = ''support'')', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['emergency_choice', 'emergency_session', 'emergency_step'] LOOP
    EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('GRANT SELECT ON %I TO tsunagu_lookup', v_table);
  END LOOP;
END $$;
CREATE POLICY kind_may_insert ON emergency_choice AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) = 'participant');
CREATE POLICY kind_may_insert ON emergency_session AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) IN ('professional', 'system')
    AND professional_id = nullif((SELECT (app.context())[6]), '')::uuid
    AND facility_id = (SELECT app.facility()) AND (SELECT (app.context())[7]) = 'BTG');
-- Whoever opened sessions sees which of theirs still run.
CREATE POLICY of_the_opener ON emergency_session FOR SELECT TO tsunagu_app
  USING (professional_id = nullif((SELECT (app.context())[6]), '')::uuid
    AND facility_id = (SELECT app.facility()));
CREATE POLICY of_the_opener ON emergency_step FOR SELECT TO tsunagu_app
  USING (session_id IN (SELECT s.session_id FROM emergency_session s
    WHERE s.professional_id = nullif((SELECT (app.context())[6]), '')::uuid
      AND s.facility_id = (SELECT app.facility())));

-- The choice takes effect as the settings do: what was decided before it is out of date.
CREATE TRIGGER emergency_choice_takes_effect AFTER INSERT ON emergency_choice
  FOR EACH ROW EXECUTE FUNCTION app.bump_policy();

-- The session's last word: its state, and until when by the database's clock.
CREATE FUNCTION app.emergency_runs(p_participant uuid, p_professional uuid, p_facility uuid)
RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (
  SELECT FROM public.emergency_session s
  CROSS JOIN LATERAL (SELECT t.state, t.expires_at FROM public.emergency_step t
    WHERE t.participant_id = s.participant_id AND t.session_id = s.session_id
    ORDER BY t.step DESC LIMIT 1) l
  WHERE s.participant_id = p_participant AND s.professional_id = p_professional
    AND s.facility_id = p_facility AND l.state IN ('t1', 't2')
    AND l.expires_at > clock_timestamp())
  AND 'refuse' IS DISTINCT FROM (SELECT c.kind FROM public.emergency_choice c
    WHERE c.participant_id = p_participant ORDER BY c.version DESC LIMIT 1);

-- How much of [p_since, p_until) sessions of these two took or may still take, without p_session.
CREATE FUNCTION app.emergency_used(
  p_participant uuid, p_professional uuid, p_session uuid, p_since timestamptz,
  p_until timestamptz)
RETURNS interval LANGUAGE sql STABLE
RETURN (SELECT coalesce(sum(greatest(least(u.ends, p_until) - greatest(u.begins, p_since),
    interval '0')), interval '0')
  FROM (
    SELECT min(t.recorded_at) FILTER (WHERE t.kind = 'activated') AS begins,
      least(max(t.expires_at), min(t.recorded_at) FILTER (WHERE t.state = 'ended')) AS ends
    FROM public.emergency_session s
    JOIN public.emergency_step t
      ON t.participant_id = s.participant_id AND t.session_id = s.session_id
    WHERE s.participant_id = p_participant AND s.professional_id = p_professional
      AND s.session_id IS DISTINCT FROM p_session AND t.kind <> 'requested'
    GROUP BY s.session_id
  ) u WHERE u.begins IS NOT NULL);

-- Who writes it and when are PostgreSQL's to say; lengths are nobody's to choose.
CREATE FUNCTION app.emergency_step_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
  v_session emergency_session;
  v_last emergency_step;
  v_begins timestamptz;
  v_budget constant interval := interval '24 hours';
  v_window constant interval := interval '72 hours';
  v_length constant interval := interval '6 hours';
BEGIN
  PERFORM access_log_lock_head(); -- one after the other, for one participant
  NEW.recorded_at := clock_timestamp();
  NEW.by_kind := v_context[2];
  NEW.by_account := nullif(v_context[3], '')::uuid;
  SELECT * INTO v_session FROM emergency_session
    WHERE participant_id = NEW.participant_id AND session_id = NEW.session_id;
  SELECT * INTO v_last FROM emergency_step
    WHERE participant_id = NEW.participant_id AND session_id = NEW.session_id
    ORDER BY step DESC LIMIT 1;
  IF NEW.kind IN ('requested', 'widened', 'renewed', 'closed')
     AND (v_session.professional_id::text IS DISTINCT FROM v_context[6]
       OR v_session.facility_id::text IS DISTINCT FROM v_context[5]
       OR v_context[7] IS DISTINCT FROM 'BTG') THEN
    RAISE EXCEPTION 'the session is another''s' USING ERRCODE = '42501';
  END IF;
  IF NEW.kind = 'requested' THEN
    NEW.expires_at := NEW.recorded_at + interval '30 minutes';
    RETURN NEW;
  END IF;
  IF NEW.state = 'ended' THEN
    NEW.expires_at := NULL;
    RETURN NEW;
  END IF;
  IF v_last.expires_at IS NULL OR v_last.expires_at <= NEW.recorded_at THEN
    RAISE EXCEPTION 'the session is over' USING ERRCODE = '42501';
  END IF;
  IF 'refuse' IS NOT DISTINCT FROM (SELECT kind FROM emergency_choice
    WHERE participant_id = NEW.participant_id ORDER BY version DESC LIMIT 1) THEN
    RAISE EXCEPTION 'the participant refuses emergency viewing' USING ERRCODE = '42501';
  END IF;
  IF NEW.kind = 'widened' THEN
    NEW.expires_at := v_last.expires_at;
    RETURN NEW;
  END IF;
  NEW.expires_at := NEW.recorded_at + v_length;
  IF NEW.kind = 'activated' THEN
    v_begins := NEW.recorded_at;
    IF app.emergency_runs(v_session.participant_id, v_session.professional_id,
        v_session.facility_id) THEN
      RAISE EXCEPTION 'a session runs already' USING ERRCODE = '42501';
    END IF;
    IF NEW.by_kind = 'support' AND NEW.by_account IS NOT NULL
       AND NEW.by_account IS DISTINCT FROM v_session.opened_by THEN
      RETURN NEW; -- the second officer: beyond the budget too
    END IF;
    IF v_session.professional_id::text IS DISTINCT FROM v_context[6]
       OR v_session.facility_id::text IS DISTINCT FROM v_context[5] THEN
      RAISE EXCEPTION 'the session is another''s' USING ERRCODE = '42501';
    END IF;
  ELSE
    SELECT recorded_at INTO v_begins FROM emergency_step
      WHERE participant_id = NEW.participant_id AND session_id = NEW.session_id
        AND kind = 'activated';
  END IF;
  IF app.emergency_used(v_session.participant_id, v_session.professional_id, NEW.session_id,
       NEW.expires_at - v_window, v_begins) + (NEW.expires_at - v_begins) > v_budget THEN
    RAISE EXCEPTION 'beyond 24 hours in 72 a second officer opens' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_step_holds BEFORE INSERT ON emergency_step
  FOR EACH ROW EXECUTE FUNCTION app.emergency_step_holds();
ALTER TABLE emergency_step ENABLE ALWAYS TRIGGER emergency_step_holds;

CREATE FUNCTION app.emergency_session_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  NEW.requested_at := clock_timestamp();
  NEW.opened_by := nullif((app.context())[3], '')::uuid;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_session_holds BEFORE INSERT ON emergency_session
  FOR EACH ROW EXECUTE FUNCTION app.emergency_session_holds();
ALTER TABLE emergency_session ENABLE ALWAYS TRIGGER emergency_session_holds;

-- The opener answers and does nothing else; who doubted is not who decides on it.
CREATE FUNCTION app.emergency_review_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
  v_session emergency_session;
  v_is_opener boolean;
BEGIN
  PERFORM access_log_lock_head();
  NEW.recorded_at := clock_timestamp();
  NEW.by_kind := v_context[2];
  NEW.by_account := nullif(v_context[3], '')::uuid;
  SELECT * INTO v_session FROM emergency_session
    WHERE participant_id = NEW.participant_id AND session_id = NEW.session_id;
  v_is_opener := v_session.professional_id::text IS NOT DISTINCT FROM v_context[6]
    OR NEW.by_account IS NOT DISTINCT FROM v_session.opened_by
    OR NEW.by_account IN (SELECT by_account FROM emergency_step
      WHERE participant_id = NEW.participant_id AND session_id = NEW.session_id
        AND kind = 'activated');
  IF NEW.state = 'pending' THEN
    RETURN NEW; -- with its activation, whoever makes it
  ELSIF NEW.state = 'answered' THEN
    IF v_session.professional_id::text IS DISTINCT FROM v_context[6]
       OR v_session.facility_id::text IS DISTINCT FROM v_context[5] THEN
      RAISE EXCEPTION 'the question was put to the opener' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
  END IF;
  IF NEW.by_kind IS DISTINCT FROM 'support' OR NEW.by_account IS NULL OR v_is_opener THEN
    RAISE EXCEPTION 'who opened does not review' USING ERRCODE = '42501';
  END IF;
  IF NEW.after = 'doubted' AND EXISTS (SELECT FROM emergency_review_step
    WHERE participant_id = NEW.participant_id AND session_id = NEW.session_id
      AND step = NEW.step - 1 AND by_account = NEW.by_account) THEN
    RAISE EXCEPTION 'not justified is what two officers find' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_review_holds BEFORE INSERT ON emergency_review_step
  FOR EACH ROW EXECUTE FUNCTION app.emergency_review_holds();
ALTER TABLE emergency_review_step ENABLE ALWAYS TRIGGER emergency_review_holds;

CREATE FUNCTION app.emergency_hold_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'emergency_hold' THEN
    NEW.asked_by := app.account();
    NEW.asked_at := clock_timestamp();
  ELSE
    NEW.confirmed_by := app.account();
    NEW.confirmed_at := clock_timestamp();
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_hold_holds BEFORE INSERT ON emergency_hold
  FOR EACH ROW EXECUTE FUNCTION app.emergency_hold_holds();
CREATE TRIGGER emergency_hold_holds BEFORE INSERT ON emergency_hold_confirmation
  FOR EACH ROW EXECUTE FUNCTION app.emergency_hold_holds();
ALTER TABLE emergency_hold ENABLE ALWAYS TRIGGER emergency_hold_holds;
ALTER TABLE emergency_hold_confirmation ENABLE ALWAYS TRIGGER emergency_hold_holds;

-- Until when openings about the subject are held back now; NULL where nothing is held.
CREATE FUNCTION app.emergency_held_until(p_participant uuid) RETURNS timestamptz
LANGUAGE sql STABLE
RETURN (SELECT max(h.until_at) FROM public.emergency_hold h
  JOIN public.emergency_hold_confirmation c USING (participant_id, hold_id)
  WHERE h.participant_id = p_participant AND h.until_at > clock_timestamp());

-- A held notice is invisible to whatever delivers, until its hold ends by itself.
ALTER TABLE outbox ADD COLUMN not_before timestamptz;
CREATE POLICY not_before ON outbox AS RESTRICTIVE FOR SELECT TO tsunagu_lookup
  USING (not_before IS NULL OR not_before <= now());
CREATE FUNCTION app.emergency_notice_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  NEW.not_before := CASE WHEN NEW.event LIKE 'emergency\_%'
    THEN app.emergency_held_until(NEW.participant_id) END;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_notice_holds BEFORE INSERT ON outbox
  FOR EACH ROW WHEN (NEW.event LIKE 'emergency\_%' OR NEW.not_before IS NOT NULL)
  EXECUTE FUNCTION app.emergency_notice_holds();
ALTER TABLE outbox ENABLE ALWAYS TRIGGER emergency_notice_holds;

-- What is held back from its participant: a session whose notice waits. They alone do not see it.
CREATE FUNCTION app.emergency_is_held(p_participant uuid, p_session uuid) RETURNS boolean
LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM public.outbox o WHERE o.participant_id = p_participant
  AND o.event = 'emergency_opened' AND o.params ->> 'session' = p_session::text
  AND o.not_before > now());
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['emergency_session', 'emergency_step', 'emergency_review_step']
  LOOP
    EXECUTE format('CREATE POLICY told_first ON %I AS RESTRICTIVE FOR SELECT TO tsunagu_app
      USING ((SELECT app.kind()) <> ''participant''
        OR NOT app.emergency_is_held(participant_id, session_id))', v_table);
  END LOOP;
END $$;

-- AFTER the transaction did all it does: who is opened is told, and the opening is reviewed.
CREATE FUNCTION app.emergency_is_told_and_reviewed() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM outbox
      WHERE participant_id = NEW.participant_id AND event = 'emergency_opened'
        AND params ->> 'session' = NEW.session_id::text AND created_at = now()) THEN
    RAISE EXCEPTION 'nothing is opened without its notice' USING ERRCODE = '42501';
  END IF;
  IF NOT EXISTS (SELECT FROM emergency_review_step
      WHERE participant_id = NEW.participant_id AND session_id = NEW.session_id
        AND state = 'pending' AND recorded_at >= now()) THEN
    RAISE EXCEPTION 'nothing is opened without its review' USING ERRCODE = '42501';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER emergency_is_told_and_reviewed AFTER INSERT ON emergency_step
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.kind = 'activated')
  EXECUTE FUNCTION app.emergency_is_told_and_reviewed();
ALTER TABLE emergency_step ENABLE ALWAYS TRIGGER emergency_is_told_and_reviewed;

-- Every read owes its event on the head of whoever is read; one for an emergency owes it in a
-- running session alone: of the same professional, at the same facility, about this participant.
CREATE FUNCTION app.refuse_emergency_read() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_owed text[];
BEGIN
  FOR v_at IN cardinality(OLD.owes) + 1 .. cardinality(NEW.owes) LOOP
    v_owed := string_to_array(NEW.owes[v_at], '|');
    IF v_owed[7] IN ('BTG', 'ETREAT') AND NOT app.emergency_runs(NEW.participant_id,
         nullif(v_owed[6], '')::uuid, nullif(v_owed[5], '')::uuid) THEN
      RAISE EXCEPTION 'no emergency session is open' USING ERRCODE = '42501';
    END IF;
  END LOOP;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_reads_in_a_session BEFORE UPDATE OF owes ON access_log_head
  FOR EACH ROW WHEN (cardinality(NEW.owes) > cardinality(OLD.owes)
    AND array_to_string(NEW.owes, ' ') ~ '\|(BTG|ETREAT)\|')
  EXECUTE FUNCTION app.refuse_emergency_read();
ALTER TABLE access_log_head ENABLE ALWAYS TRIGGER emergency_reads_in_a_session;

-- What is owed may be withheld too, and then its columns say nothing either.
CREATE FUNCTION app.withhold_columns() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.actor_id := NULL;
  NEW.facility_id := NULL;
  NEW.purpose_of_use := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER withheld_says_nothing BEFORE INSERT ON access_event
  FOR EACH ROW WHEN (NEW.event = 'access_log:event:withheld')
  EXECUTE FUNCTION app.withhold_columns();
ALTER TABLE access_event ENABLE ALWAYS TRIGGER withheld_says_nothing;

GRANT EXECUTE ON FUNCTION app.emergency_runs(uuid, uuid, uuid) TO tsunagu_app, tsunagu_lookup;
GRANT EXECUTE ON FUNCTION app.emergency_used(uuid, uuid, uuid, timestamptz, timestamptz),
  app.emergency_held_until(uuid), app.emergency_is_held(uuid, uuid) TO tsunagu_app;

-- Across participants: one narrow question each.
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Name, kana, sex and birth date, all four; an id only where they are exactly one person's.
CREATE FUNCTION emergency_find_person(p_name text, p_name_kana text, p_sex text, p_birth_on date)
RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_found uuid[];
BEGIN
  IF (app.context())[7] IS DISTINCT FROM 'BTG' OR app.facility() IS NULL THEN
    RAISE EXCEPTION 'people are looked for so in an emergency alone' USING ERRCODE = '42501';
  END IF;
  SELECT array_agg(p.participant_id) INTO v_found FROM (
    SELECT participant_id FROM participant
    WHERE birth_on = p_birth_on AND sex = p_sex
      AND translate(name_kana, ' 　', '') = translate(p_name_kana, ' 　', '')
      AND translate(name, ' 　', '') = translate(p_name, ' 　', '')
    LIMIT 2) p;
  RETURN CASE WHEN cardinality(v_found) = 1 THEN v_found[1] END;
END $$;
-- Counts a facility's emergency events and reads in the log, of all participants; never of whom.
CREATE FUNCTION emergency_figures(p_since timestamptz, p_until timestamptz)
RETURNS TABLE (facility_id uuid, event text, outcome text, events bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF app.kind() IS NULL OR app.kind() NOT IN ('support', 'auditor', 'operator') THEN
    RAISE EXCEPTION 'the support centre and auditors count' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY SELECT e.facility_id, e.event, e.outcome, count(*) FROM access_event e
    WHERE e.at >= p_since AND e.at < p_until AND e.facility_id IS NOT NULL
      AND (e.event LIKE 'emergency:session:%' OR (e.event = 'records:record:read'
        AND e.purpose_of_use IN ('BTG', 'ETREAT')))
    GROUP BY e.facility_id, e.event, e.outcome;
END $$;
REVOKE EXECUTE ON FUNCTION emergency_find_person(text, text, text, date),
  emergency_figures(timestamptz, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION emergency_find_person(text, text, text, date),
  emergency_figures(timestamptz, timestamptz) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "emergency sessions", SQL)
