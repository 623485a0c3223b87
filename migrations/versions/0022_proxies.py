"""Proxies: who may act for whom, every step of it, and safe mode; PostgreSQL holds them to it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0022_proxies"

SQL = r"""
-- One row: somebody was named as the proxy of a principal. `representative_id` is empty where the
-- card and name that were typed belong to nobody: whoever typed them cannot tell.
CREATE TABLE proxy (
  participant_id uuid NOT NULL REFERENCES participant, -- the principal
  proxy_id uuid NOT NULL DEFAULT uuidv7(),
  representative_id uuid REFERENCES participant,
  typed_name text NOT NULL CHECK (length(typed_name) BETWEEN 1 AND 100),
  kind text NOT NULL CHECK (kind IN ('parent', 'guardian_of_minor', 'adult_guardian', 'curator',
    'assistant', 'voluntary', 'hospital_liaison', 'emergency_nominee')),
  origin text NOT NULL CHECK (origin IN ('participant', 'witnessed', 'registered')),
  opens_on date NOT NULL, -- nothing works before
  made_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, proxy_id),
  CHECK (representative_id <> participant_id),
  CHECK (representative_id IS NOT NULL OR origin = 'participant'),
  CHECK (kind = 'voluntary' OR origin <> 'participant')
);
CREATE INDEX proxy_by_representative ON proxy (representative_id);
CREATE INDEX proxy_by_id ON proxy (proxy_id);

-- The newest step is how a proxy stands. Each names the state it follows, which must be that of
-- the step before. Powers never grow and the end never moves away: for more, ask anew.
CREATE TABLE proxy_step (
  participant_id uuid NOT NULL,
  proxy_id uuid NOT NULL,
  step smallint NOT NULL CHECK (step >= 1),
  act text NOT NULL,
  state text NOT NULL,
  after text,
  previous smallint GENERATED ALWAYS AS (CASE WHEN step > 1 THEN step - 1 END) STORED,
  powers text[] NOT NULL CHECK (powers <@ '{view,upload,log,settings,consent,proxy_admin,notices}'),
  ends_on date NOT NULL, -- the last day
  works_at uuid[] NOT NULL DEFAULT '{}',
  reason text NOT NULL DEFAULT '' CHECK (reason ~ '^[a-z_]{0,40}$'),
  evidence text NOT NULL DEFAULT '' CHECK (length(evidence) <= 200),
  by_kind text NOT NULL DEFAULT app.kind(),
  by_account uuid NOT NULL DEFAULT app.account(),
  by_name text NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, proxy_id, step),
  UNIQUE (participant_id, proxy_id, step, state),
  FOREIGN KEY (participant_id, proxy_id) REFERENCES proxy,
  FOREIGN KEY (participant_id, proxy_id, previous, after)
    REFERENCES proxy_step (participant_id, proxy_id, step, state),
  CHECK ((act, coalesce(after, ''), state) IN (
    ('asked', '', 'waiting'),
    ('granted', 'waiting', 'in_force'), ('confirmed', 'waiting', 'in_force'),
    ('suspended', 'waiting', 'ended'), ('suspended', 'in_force', 'suspended'),
    ('suspended', 'suspended', 'suspended'), ('resumed', 'suspended', 'in_force'),
    ('narrowed', 'waiting', 'waiting'), ('narrowed', 'in_force', 'in_force'),
    ('narrowed', 'suspended', 'suspended'),
    ('ended', 'waiting', 'ended'), ('ended', 'in_force', 'ended'),
    ('ended', 'suspended', 'ended'))),
  CHECK ((step = 1) = (act = 'asked'))
);

-- The newest row says whether it is on.
CREATE TABLE safe_mode (
  participant_id uuid NOT NULL REFERENCES participant,
  step smallint NOT NULL CHECK (step >= 1),
  is_on boolean NOT NULL,
  evidence text NOT NULL DEFAULT '' CHECK (length(evidence) <= 200),
  by_kind text NOT NULL DEFAULT app.kind(),
  by_account uuid NOT NULL DEFAULT app.account(),
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, step)
);

-- Which power a representative used on which day in Japan: told and logged once.
CREATE TABLE proxy_use (
  participant_id uuid NOT NULL REFERENCES participant,
  by_account uuid NOT NULL DEFAULT app.account(),
  used_on date NOT NULL,
  power text NOT NULL CHECK (power ~ '^[a-z_]{1,40}$'),
  PRIMARY KEY (participant_id, by_account, used_on, power)
);

ALTER TABLE session ADD COLUMN acting_for uuid REFERENCES participant;
GRANT UPDATE (acting_for) ON session TO tsunagu_app;

-- Form `p`: somebody acts as a proxy; only `app.enter_as_proxy` makes it.
CREATE OR REPLACE FUNCTION app.context() RETURNS text[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_raw text := nullif(current_setting('app.context', true), '');
  v_field text[];
BEGIN
  IF v_raw IS NULL THEN
    RETURN NULL;
  END IF;
  v_field := string_to_array(v_raw, '|');
  IF array_length(v_field, 1) IS DISTINCT FROM 10
     OR v_field[1] NOT IN ('t', 'p')
     OR v_field[10] IS DISTINCT FROM app.mac(left(v_raw, -65))
     OR v_field[8] <> pg_backend_pid()::text
     OR v_field[9] <> app.transaction_nonce()::text THEN
    RAISE EXCEPTION 'the actor context was refused' USING ERRCODE = '42501';
  END IF;
  RETURN v_field;
END $$;
CREATE FUNCTION app.is_proxy() RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce((app.context())[1] = 'p', false);
-- Whose the account of the context is, whoever the subject.
CREATE FUNCTION app.own_participant() RETURNS uuid LANGUAGE sql STABLE
RETURN (SELECT participant_id FROM public.account WHERE account_id = app.account());
GRANT EXECUTE ON FUNCTION app.is_proxy(), app.own_participant() TO tsunagu_app, tsunagu_lookup;

-- The first day somebody has this age, by the law on reckoning age and Civil Code art. 143: the day
-- before the birthday, for 29 February always the 28th.
CREATE FUNCTION app.first_day_aged(p_birth_on date, p_age integer) RETURNS date
LANGUAGE sql IMMUTABLE
RETURN (p_birth_on + make_interval(years => p_age))::date
  + CASE WHEN extract(day FROM p_birth_on + make_interval(years => p_age))
      = extract(day FROM p_birth_on) THEN 0 ELSE 1 END - 1;
CREATE FUNCTION app.day_in_japan(p_at timestamptz) RETURNS date LANGUAGE sql STABLE
RETURN (p_at AT TIME ZONE 'Asia/Tokyo')::date;

CREATE FUNCTION app.in_safe_mode(p_participant_id uuid) RETURNS boolean LANGUAGE sql STABLE
RETURN coalesce((SELECT is_on FROM public.safe_mode WHERE participant_id = p_participant_id
  ORDER BY step DESC LIMIT 1), false);
GRANT EXECUTE ON FUNCTION app.in_safe_mode(uuid) TO tsunagu_app, tsunagu_lookup;

CREATE FUNCTION app.check_proxy_step() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_proxy proxy;
  v_before proxy_step;
BEGIN
  SELECT * INTO STRICT v_proxy FROM proxy p
    WHERE p.participant_id = NEW.participant_id AND p.proxy_id = NEW.proxy_id;
  IF NEW.by_kind IS DISTINCT FROM app.kind() OR NEW.by_account IS DISTINCT FROM app.account() THEN
    RAISE EXCEPTION 'a step is its actor''s own' USING ERRCODE = '42501';
  END IF;
  IF NEW.step = 1 THEN
    IF v_proxy.kind NOT IN ('parent', 'guardian_of_minor')
       AND NEW.ends_on > v_proxy.opens_on + interval '12 months' THEN
      RAISE EXCEPTION 'a proxy ends within twelve months' USING ERRCODE = '23514';
    END IF;
    RETURN NEW;
  END IF;
  SELECT * INTO STRICT v_before FROM proxy_step s WHERE s.participant_id = NEW.participant_id
    AND s.proxy_id = NEW.proxy_id AND s.step = NEW.step - 1;
  IF NOT NEW.powers <@ v_before.powers OR NEW.ends_on > v_before.ends_on THEN
    RAISE EXCEPTION 'the powers of a proxy never grow' USING ERRCODE = '42501';
  END IF;
  IF NOT v_before.works_at <@ NEW.works_at THEN
    RAISE EXCEPTION 'a workplace that was named stays named' USING ERRCODE = '42501';
  END IF;
  IF NEW.act = 'granted' AND v_proxy.origin <> 'participant'
     OR NEW.act = 'confirmed' AND v_proxy.origin = 'participant' THEN
    RAISE EXCEPTION 'this is not how it comes into force' USING ERRCODE = '42501';
  END IF;
  IF NEW.act = 'confirmed' AND (app.day_in_japan(now()) < v_proxy.opens_on OR EXISTS (
      SELECT FROM proxy_step s WHERE s.participant_id = NEW.participant_id
        AND s.proxy_id = NEW.proxy_id AND s.step = 1
        AND s.by_account IS NOT DISTINCT FROM NEW.by_account)) THEN
    RAISE EXCEPTION 'a second officer confirms, after the days to think' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER proxy_step_is_lawful BEFORE INSERT ON proxy_step
  FOR EACH ROW EXECUTE FUNCTION app.check_proxy_step();
ALTER TABLE proxy_step ENABLE ALWAYS TRIGGER proxy_step_is_lawful;

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['proxy', 'proxy_step', 'safe_mode', 'proxy_use'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
    EXECUTE format('CREATE POLICY kind_may_select ON %I AS RESTRICTIVE FOR SELECT TO tsunagu_app
      USING ((SELECT app.kind()) = ANY (''{participant,support}''))', v_table);
  END LOOP;
END $$;
-- Whether somebody is in safe mode is not for who acts for them.
CREATE POLICY not_for_proxies ON safe_mode AS RESTRICTIVE TO tsunagu_app
  USING (NOT (SELECT app.is_proxy()));

-- Who may say what. A participant names proxies of their own; the support centre writes down what
-- it witnessed. A representative accepts and ends what concerns them, and nothing else; one who
-- may name further proxies never names themselves.
CREATE POLICY who_may_name ON proxy AS RESTRICTIVE FOR INSERT TO tsunagu_app WITH CHECK (
  CASE (SELECT app.kind())
    WHEN 'participant' THEN origin = 'participant' AND CASE WHEN (SELECT app.is_proxy())
      THEN representative_id IS DISTINCT FROM (SELECT app.own_participant())
      ELSE participant_id = (SELECT app.own_participant()) END
    WHEN 'support' THEN origin <> 'participant' ELSE false END);
CREATE POLICY who_may_say ON proxy_step AS RESTRICTIVE FOR INSERT TO tsunagu_app WITH CHECK (
  CASE (SELECT app.kind())
    WHEN 'support' THEN act IN ('asked', 'confirmed', 'suspended', 'resumed', 'ended')
    WHEN 'participant' THEN CASE
      WHEN act = 'ended' THEN true
      WHEN act = 'granted' THEN NOT (SELECT app.is_proxy()) AND EXISTS (SELECT FROM proxy p
        WHERE p.participant_id = proxy_step.participant_id AND p.proxy_id = proxy_step.proxy_id
          AND p.representative_id = (SELECT app.own_participant()))
      WHEN act IN ('asked', 'narrowed', 'suspended', 'resumed') THEN
        participant_id = (SELECT app.own_participant())
        OR (SELECT app.is_proxy()) AND EXISTS (SELECT FROM proxy p
          WHERE p.participant_id = proxy_step.participant_id AND p.proxy_id = proxy_step.proxy_id
            AND p.representative_id IS DISTINCT FROM (SELECT app.own_participant()))
      ELSE false END
    ELSE false END);
-- On: the participant themselves, or the counter. Off: the counter alone.
CREATE POLICY who_may_switch ON safe_mode AS RESTRICTIVE FOR INSERT TO tsunagu_app WITH CHECK (
  by_kind = (SELECT app.kind()) AND by_account = (SELECT app.account())
  AND CASE (SELECT app.kind()) WHEN 'support' THEN true
    WHEN 'participant' THEN is_on AND participant_id = (SELECT app.own_participant())
    ELSE false END);
-- While it is on, new proxies and another place to live are said at the counter or not at all.
CREATE POLICY not_in_safe_mode ON proxy AS RESTRICTIVE FOR INSERT TO tsunagu_app WITH CHECK (
  (SELECT app.kind()) = 'support' OR NOT (SELECT app.in_safe_mode(app.subject())));
CREATE POLICY not_in_safe_mode ON residence AS RESTRICTIVE FOR INSERT TO tsunagu_app WITH CHECK (
  (SELECT app.kind()) = 'support' OR NOT (SELECT app.in_safe_mode(app.subject())));
CREATE POLICY who_may_use ON proxy_use AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.is_proxy()) AND by_account = (SELECT app.account()));
GRANT SELECT, INSERT ON proxy, proxy_step, safe_mode, proxy_use TO tsunagu_app;
GRANT SELECT ON proxy, proxy_step, safe_mode TO tsunagu_lookup;
CREATE POLICY told_by_lookup ON outbox FOR INSERT TO tsunagu_lookup WITH CHECK (true);
GRANT INSERT ON outbox TO tsunagu_lookup;

GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- What an account may do for a principal at this moment; NULL for nothing at all. The lock lasts to
-- the end of the transaction: whoever ends a proxy waits for what is being done, and what begins
-- after that finds it ended.
CREATE FUNCTION app.powers_in_force(p_account uuid, p_principal uuid) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_powers text[];
  v_today date := app.day_in_japan(now());
  v_born date;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('proxies|' || p_principal, 0));
  SELECT birth_on INTO v_born FROM participant WHERE participant_id = p_principal;
  IF app.in_safe_mode(p_principal) THEN
    RETURN NULL;
  END IF;
  SELECT array_agg(DISTINCT one) INTO v_powers
  FROM account a
  JOIN proxy p ON p.representative_id = a.participant_id AND p.participant_id = p_principal
  JOIN LATERAL (SELECT s.state, s.powers, s.ends_on FROM proxy_step s
    WHERE s.participant_id = p.participant_id AND s.proxy_id = p.proxy_id
    ORDER BY s.step DESC LIMIT 1) s ON s.state = 'in_force'
  CROSS JOIN LATERAL unnest(s.powers) one
  WHERE a.account_id = p_account AND v_today BETWEEN p.opens_on AND s.ends_on
    AND (p.kind NOT IN ('parent', 'guardian_of_minor') OR v_today < app.first_day_aged(v_born, 18))
    AND (one IN ('view', 'upload') OR v_today < app.first_day_aged(v_born, 15)
      OR v_today >= app.first_day_aged(v_born, 18));
  RETURN v_powers;
END $$;
REVOKE EXECUTE ON FUNCTION app.powers_in_force(uuid, uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.powers_in_force(uuid, uuid) TO tsunagu_owner;

-- Both sides of every relation of the context's subject, with the names each may know.
CREATE FUNCTION proxies_of_subject() RETURNS TABLE (
  participant_id uuid, proxy_id uuid, representative_id uuid, kind text, origin text,
  opens_on date, principal_name text, representative_name text, typed_name text, birth_on date,
  state text, powers text[], ends_on date, works_at uuid[], reason text, step smallint,
  asked_by uuid, asked_at timestamptz, is_safe boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS NULL OR app.kind() NOT IN ('participant', 'support') THEN
    RETURN;
  END IF;
  RETURN QUERY
    SELECT p.participant_id, p.proxy_id, p.representative_id, p.kind, p.origin, p.opens_on,
      me.name, you.name, p.typed_name, me.birth_on, s.state, s.powers, s.ends_on, s.works_at,
      s.reason, s.step, a.by_account, a.recorded_at,
      app.in_safe_mode(p.participant_id)
    FROM proxy p
    JOIN participant me ON me.participant_id = p.participant_id
    LEFT JOIN participant you ON you.participant_id = p.representative_id
    JOIN LATERAL (SELECT t.* FROM proxy_step t WHERE t.participant_id = p.participant_id
      AND t.proxy_id = p.proxy_id ORDER BY t.step DESC LIMIT 1) s ON true
    JOIN proxy_step a ON a.participant_id = p.participant_id AND a.proxy_id = p.proxy_id
      AND a.step = 1
    WHERE p.participant_id = app.subject()
      OR p.representative_id = app.subject() AND NOT app.is_proxy()
    ORDER BY p.proxy_id;
END $$;

-- For the support centre: what was witnessed or registered and waits for a second officer.
CREATE FUNCTION proxies_waiting() RETURNS TABLE (
  participant_id uuid, proxy_id uuid, kind text, opens_on date, principal_name text,
  representative_name text, powers text[], ends_on date, evidence text, asked_by uuid,
  by_name text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'support' THEN
    RAISE EXCEPTION 'the support centre alone looks across participants' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
    SELECT p.participant_id, p.proxy_id, p.kind, p.opens_on, me.name, you.name, a.powers,
      a.ends_on, a.evidence, a.by_account, a.by_name
    FROM proxy p
    JOIN participant me ON me.participant_id = p.participant_id
    JOIN participant you ON you.participant_id = p.representative_id
    JOIN proxy_step a ON a.participant_id = p.participant_id AND a.proxy_id = p.proxy_id
      AND a.step = 1
    WHERE p.origin <> 'participant' AND NOT EXISTS (SELECT FROM proxy_step t
      WHERE t.participant_id = p.participant_id AND t.proxy_id = p.proxy_id AND t.step > 1)
    ORDER BY p.opens_on, p.proxy_id;
END $$;

-- As before, and for whom its portal acts, and whether its holder is in safe mode.
DROP FUNCTION identity_account_of_session(bytea), identity_account_of_token(bytea, text);
CREATE FUNCTION identity_account_of_session(p_session_hash bytea)
RETURNS TABLE (account_id uuid, kind text, participant_id uuid, professional_id uuid,
               facility_id uuid, profession text, name text, is_active boolean, session_id uuid,
               acting_for uuid, is_safe boolean, is_representative boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT h.account_id, h.kind, h.participant_id, h.professional_id, h.facility_id,
      h.profession, h.name, h.is_active, s.session_id, s.acting_for,
      app.in_safe_mode(h.participant_id),
      EXISTS (SELECT FROM proxy p WHERE p.representative_id = h.participant_id)
    FROM session s JOIN app.account_holder h USING (account_id)
    WHERE s.session_hash = p_session_hash AND s.jkt IS NULL
      AND s.ended_at IS NULL AND s.expires_at > now()
      AND s.seen_at + make_interval(secs => s.idle_seconds) > now() AND h.is_active;
  IF FOUND THEN
    UPDATE session SET seen_at = now()
      WHERE session_hash = p_session_hash AND ended_at IS NULL
        AND seen_at < now() - interval '1 minute';
  END IF;
END $$;

CREATE FUNCTION identity_account_of_token(p_token_hash bytea, p_kind text)
RETURNS TABLE (account_id uuid, kind text, participant_id uuid, professional_id uuid,
               facility_id uuid, profession text, name text, is_active boolean, session_id uuid,
               jkt bytea, is_used boolean, is_safe boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT h.account_id, h.kind, h.participant_id, h.professional_id, h.facility_id,
      h.profession, h.name, h.is_active, s.session_id, s.jkt, t.used_at IS NOT NULL,
      app.in_safe_mode(h.participant_id)
    FROM session_token t
    JOIN session s ON s.account_id = t.account_id AND s.session_id = t.session_id
    JOIN app.account_holder h ON h.account_id = t.account_id
    WHERE t.token_hash = p_token_hash AND t.kind = p_kind AND t.expires_at > now()
      AND s.ended_at IS NULL AND s.expires_at > now()
      AND s.seen_at + make_interval(secs => s.idle_seconds) > now() AND h.is_active;
  IF FOUND THEN
    UPDATE session s SET seen_at = now() FROM session_token t
      WHERE t.token_hash = p_token_hash AND s.account_id = t.account_id
        AND s.session_id = t.session_id AND s.ended_at IS NULL
        AND s.seen_at < now() - interval '1 minute';
  END IF;
END $$;

-- What a notice says may be read over a shoulder: in safe mode it names nobody and no place.
CREATE FUNCTION app.quieten() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.in_safe_mode(NEW.participant_id)
     AND NEW.params - '{day,version,number,until}'::text[] <> '{}' THEN
    NEW.event := 'quiet';
    NEW.params := '{}';
  END IF;
  RETURN NEW;
END $$;

-- The telling is part of the event: what somebody did for the principal, once a day and act, a
-- change of settings each time.
CREATE FUNCTION app.tell_principal() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_by text;
BEGIN
  IF NOT app.is_proxy() OR NEW.participant_id IS DISTINCT FROM app.subject() THEN
    RETURN NULL;
  END IF;
  SELECT p.name INTO v_by FROM account a JOIN participant p USING (participant_id)
    WHERE a.account_id = app.account();
  IF NEW.event NOT IN ('consent:provision:changed', 'consent:participation:changed')
     AND EXISTS (SELECT FROM outbox o WHERE o.participant_id = NEW.participant_id
       AND o.event = 'proxy_acted' AND o.params ->> 'by' = v_by
       AND o.params ->> 'act' = NEW.event
       AND app.day_in_japan(o.created_at) = app.day_in_japan(now())) THEN
    RETURN NULL;
  END IF;
  INSERT INTO outbox (participant_id, event, params, channel) VALUES (NEW.participant_id,
    'proxy_acted', jsonb_build_object('by', v_by, 'act', NEW.event), 'inbox');
  RETURN NULL;
END $$;

-- Who was named hears of it; who is named in vain does not exist.
CREATE FUNCTION app.tell_representative() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_proxy proxy;
BEGIN
  SELECT * INTO v_proxy FROM proxy p
    WHERE p.participant_id = NEW.participant_id AND p.proxy_id = NEW.proxy_id;
  IF v_proxy.representative_id IS NOT NULL
     AND (v_proxy.origin = 'participant' OR NEW.act = 'confirmed') THEN
    INSERT INTO outbox (participant_id, event, params, channel)
      SELECT v_proxy.representative_id, 'proxy_' || NEW.act,
        jsonb_build_object('name', p.name), 'inbox'
      FROM participant p WHERE p.participant_id = v_proxy.participant_id;
  END IF;
  RETURN NULL;
END $$;
REVOKE EXECUTE ON FUNCTION proxies_of_subject(), proxies_waiting(),
  identity_account_of_session(bytea), identity_account_of_token(bytea, text), app.quieten(),
  app.tell_principal(), app.tell_representative() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION proxies_of_subject(), proxies_waiting(),
  identity_account_of_session(bytea), identity_account_of_token(bytea, text) TO tsunagu_app;
GRANT EXECUTE ON FUNCTION app.tell_principal(), app.tell_representative(), app.quieten()
  TO tsunagu_owner;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;
GRANT EXECUTE ON FUNCTION app.first_day_aged(date, integer), app.day_in_japan(timestamptz)
  TO tsunagu_app, tsunagu_lookup;

CREATE TRIGGER principal_is_told AFTER INSERT ON access_event
  FOR EACH ROW WHEN (NEW.actor_kind = 'participant') EXECUTE FUNCTION app.tell_principal();
CREATE TRIGGER is_quiet_in_safe_mode BEFORE INSERT ON outbox
  FOR EACH ROW EXECUTE FUNCTION app.quieten();
ALTER TABLE outbox ENABLE ALWAYS TRIGGER is_quiet_in_safe_mode;
CREATE TRIGGER representative_is_told AFTER INSERT ON proxy_step
  FOR EACH ROW WHEN (NEW.act IN ('asked', 'confirmed'))
  EXECUTE FUNCTION app.tell_representative();

-- Turns a context that asks to act as a proxy into the context of this transaction, where a
-- relation is in force; answers its powers. Nothing is set, and NULL answered, where none is.
CREATE FUNCTION app.enter_as_proxy(p_context text) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_field text[] := string_to_array(p_context, '|');
  v_text text;
  v_powers text[];
BEGIN
  IF array_length(v_field, 1) IS DISTINCT FROM 10
     OR v_field[1] <> 'a' OR v_field[2] <> 'participant'
     OR v_field[10] IS DISTINCT FROM app.mac(left(p_context, -65))
     OR v_field[8] <> pg_backend_pid()::text
     OR v_field[9] <> app.transaction_nonce()::text THEN
    RAISE EXCEPTION 'the actor context was refused' USING ERRCODE = '42501';
  END IF;
  v_powers := app.powers_in_force(nullif(v_field[3], '')::uuid, nullif(v_field[4], '')::uuid);
  IF v_powers IS NULL THEN
    RETURN NULL;
  END IF;
  v_field[1] := 'p';
  v_text := array_to_string(v_field[1:9], '|');
  PERFORM set_config('app.context', v_text || '|' || app.mac(v_text), true);
  RETURN v_powers;
END $$;
GRANT EXECUTE ON FUNCTION app.enter_as_proxy(text) TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "proxies", SQL)
