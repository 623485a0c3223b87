"""The log nobody has to trust: committed, chained, sealed under keys that can be destroyed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0012_access_log_sealed"

SQL = r"""
-- The events so far have no commitment and cannot get one afterwards. Only demos have any.
ALTER TABLE access_event NO FORCE ROW LEVEL SECURITY;
ALTER TABLE access_log_head NO FORCE ROW LEVEL SECURITY;
DO $$
BEGIN
  IF EXISTS (SELECT FROM deployment WHERE kind = 'production')
     AND (EXISTS (SELECT FROM access_event) OR EXISTS (SELECT FROM system_event)) THEN
    RAISE EXCEPTION 'this database holds events of the log before it was sealed';
  END IF;
END $$;
DROP FUNCTION records_read(text, text, text[], uuid, text, bigint, text[], text[], text[], integer,
  date, boolean, text, uuid, integer, text, text, text, text, text);
DROP TYPE app.read_call;
SET LOCAL ROLE tsunagu_lookup;
DROP FUNCTION consent_open_campaign(text, date), consent_call_off_campaign(uuid);
SET LOCAL ROLE tsunagu_owner;
DROP FUNCTION access_log_append(text, text, jsonb, jsonb),
  access_log_append_system(text, text, jsonb),
  app.write_event(text[], bigint, text, text, jsonb, jsonb);
DROP TABLE access_event, system_event;

-- One row: whose log this is, which life of the database (transaction ids start again after a
-- restore), and why signing stopped, if it did.
CREATE TABLE log_state (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  origin text CHECK (origin ~ '^[!-~]+$'),
  epoch integer NOT NULL DEFAULT 1 CHECK (epoch >= 1),
  halted_reason text,
  halted_at timestamptz,
  CHECK ((halted_reason IS NULL) = (halted_at IS NULL))
);
INSERT INTO log_state DEFAULT VALUES;
GRANT SELECT ON log_state TO tsunagu_app, tsunagu_lookup, tsunagu_sealer;

-- `owes`: what was done under the head's lock and is not written yet, oldest first, each as
-- event|kind|account|subject|facility|professional|purpose|at. Invariant: nothing commits while
-- anything is owed, and what is owed is written in the name of whoever did it.
-- `position`: the participant's place in the head map, for ever. `key_version`: the key that
-- bodies are sealed under from now on.
CREATE SEQUENCE access_log_position MINVALUE 0 START 0;
GRANT USAGE ON SEQUENCE access_log_position TO tsunagu_lookup;
ALTER TABLE access_log_head
  ADD COLUMN last_commit bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
  ADD COLUMN owes text[] NOT NULL DEFAULT '{}',
  ADD COLUMN key_version smallint NOT NULL DEFAULT 1,
  ADD COLUMN position bigint NOT NULL DEFAULT nextval('access_log_position') UNIQUE,
  SET (fillfactor = 60); -- its updates stay on the page
UPDATE access_log_head SET last_pseq = 0;
ALTER TABLE access_log_head FORCE ROW LEVEL SECURITY;

-- What stays readable is what searches go by; the rest is in `sealed`, ciphertext under the
-- participant's key, and NULL after an erasure alone.
CREATE TABLE access_event (
  participant_id uuid NOT NULL,
  pseq bigint NOT NULL CHECK (pseq >= 1),
  at timestamptz NOT NULL,
  eid uuid NOT NULL,
  event text NOT NULL CHECK (event ~ '^[a-z_]+:[a-z_]+:[a-z_]+$'),
  outcome text NOT NULL CHECK (outcome IN ('permitted', 'denied')),
  actor_kind text NOT NULL,
  actor_id uuid,
  facility_id uuid,
  purpose_of_use text,
  inner_hash bytea NOT NULL CHECK (length(inner_hash) = 32),
  prev bytea NOT NULL CHECK (length(prev) = 32),
  commit bytea NOT NULL CHECK (length(commit) = 32),
  sealed bytea,
  key_version smallint NOT NULL,
  epoch integer NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (participant_id, pseq, at)
) PARTITION BY RANGE (at);
CREATE INDEX access_event_to_seal ON access_event (epoch, xid);
CREATE INDEX access_event_by_time ON access_event USING brin (at);

CREATE TABLE system_event (
  eid uuid PRIMARY KEY,
  at timestamptz NOT NULL,
  event text NOT NULL CHECK (event ~ '^[a-z_]+:[a-z_]+:[a-z_]+$'),
  outcome text NOT NULL CHECK (outcome IN ('permitted', 'denied')),
  actor_kind text NOT NULL,
  actor_id uuid,
  facility_id uuid,
  inner_hash bytea NOT NULL CHECK (length(inner_hash) = 32),
  commit bytea NOT NULL CHECK (length(commit) = 32),
  sealed bytea NOT NULL,
  epoch integer NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX system_event_to_seal ON system_event (epoch, xid);

-- That a participant's bodies up to `events` were made unreadable; `value` goes into the tree.
CREATE TABLE erasure_certificate (
  participant_id uuid NOT NULL,
  at timestamptz NOT NULL,
  events bigint NOT NULL CHECK (events >= 0),
  last_commit bytea NOT NULL CHECK (length(last_commit) = 32),
  reason text NOT NULL CHECK (length(reason) BETWEEN 1 AND 200),
  value bytea NOT NULL CHECK (length(value) = 32),
  epoch integer NOT NULL,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  PRIMARY KEY (participant_id, at)
);
CREATE INDEX erasure_certificate_to_seal ON erasure_certificate (epoch, xid);

-- Keys, wrapped: the network's under the master key file, each participant's under the network's.
-- A schema of its own, because its backup must not outlive an erasure (docs/how-to/run.md).
CREATE SCHEMA keystore;
GRANT USAGE ON SCHEMA keystore TO tsunagu_app, tsunagu_lookup;
CREATE TABLE keystore.tenant_key (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  wrapped bytea NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE keystore.participant_key (
  participant_id uuid NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('log', 'phr')),
  version smallint NOT NULL CHECK (version >= 1),
  wrapped bytea NOT NULL,
  made_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, purpose, version)
);
GRANT SELECT ON keystore.tenant_key, keystore.participant_key TO tsunagu_app;
GRANT SELECT, INSERT, DELETE ON keystore.participant_key TO tsunagu_lookup;
CREATE FUNCTION keystore.install_tenant_key(p_wrapped bytea) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO keystore.tenant_key (wrapped) VALUES (p_wrapped) ON CONFLICT (only_one) DO NOTHING
$$;

-- The one change an event may undergo: its body is emptied, after a certificate says so.
CREATE FUNCTION app.refuse_change_of_event() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE v_row public.access_event;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    v_row := NEW;
    v_row.sealed := OLD.sealed;
    IF NEW.sealed IS NULL AND v_row IS NOT DISTINCT FROM OLD AND EXISTS (
      SELECT FROM public.erasure_certificate c
      WHERE c.participant_id = OLD.participant_id AND c.events >= OLD.pseq) THEN
      RETURN NEW;
    END IF;
  END IF;
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

-- Row security and the guard against TRUNCATE do not pass from a table to its partitions.
CREATE FUNCTION app.guard_events(p_table regclass) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', p_table);
  EXECUTE format('CREATE POLICY of_the_subject ON %s
    USING (participant_id = (SELECT app.subject()))', p_table);
  EXECUTE format('CREATE POLICY lookup ON %s TO tsunagu_lookup USING (true)', p_table);
  EXECUTE format('CREATE POLICY kind_may_select ON %s AS RESTRICTIVE FOR SELECT TO tsunagu_app
    USING ((SELECT app.kind()) = ANY (''{participant,support,operator}''))', p_table);
  EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %s
    FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', p_table);
  EXECUTE format('ALTER TABLE %s ENABLE ALWAYS TRIGGER append_only_truncate', p_table);
END $$;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON access_event
  FOR EACH ROW EXECUTE FUNCTION app.refuse_change_of_event();
ALTER TABLE access_event ENABLE ALWAYS TRIGGER append_only;
SELECT app.guard_events('access_event');

CREATE TABLE access_event_other PARTITION OF access_event DEFAULT;
ALTER TABLE access_event_other ENABLE ALWAYS TRIGGER append_only;
SELECT app.guard_events('access_event_other');

-- Makes this month's table and those of the months to come, where they are not there yet; a month
-- whose events already went to the table for the rest stays there.
CREATE FUNCTION access_log_make_months(p_ahead integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_first timestamp;
  v_name text;
  v_made integer := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtext('access_log_make_months'));
  FOR v_first IN SELECT date_trunc('month', now() AT TIME ZONE 'UTC') + make_interval(months => n)
    FROM generate_series(0, least(p_ahead, 24)) n LOOP
    v_name := to_char(v_first, '"access_event_"YYYY_MM');
    CONTINUE WHEN to_regclass(v_name) IS NOT NULL;
    EXECUTE format('CREATE TABLE %I (LIKE access_event INCLUDING ALL)', v_name);
    BEGIN
      EXECUTE format('ALTER TABLE access_event ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
        v_name, v_first AT TIME ZONE 'UTC', (v_first + interval '1 month') AT TIME ZONE 'UTC');
    EXCEPTION WHEN check_violation THEN
      EXECUTE format('DROP TABLE %I', v_name);
      CONTINUE;
    END;
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_name);
    PERFORM app.guard_events(v_name::regclass);
    v_made := v_made + 1;
  END LOOP;
  RETURN v_made;
END $$;
SELECT access_log_make_months(12);
GRANT EXECUTE ON FUNCTION access_log_make_months(integer) TO tsunagu_app, tsunagu_sealer;

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['system_event', 'erasure_certificate'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['erasure_certificate', 'keystore.participant_key'] LOOP
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %s
      USING (participant_id = (SELECT app.subject()))', v_table);
    EXECUTE format('CREATE POLICY lookup ON %s TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('CREATE POLICY kind_may_select ON %s AS RESTRICTIVE FOR SELECT TO tsunagu_app
      USING ((SELECT app.kind()) = ANY (''{participant,support,operator}''))', v_table);
  END LOOP;
END $$;
GRANT SELECT ON access_event, erasure_certificate TO tsunagu_app;
GRANT SELECT, INSERT, UPDATE (sealed) ON access_event TO tsunagu_lookup;
GRANT SELECT, INSERT ON erasure_certificate, system_event TO tsunagu_lookup;
GRANT INSERT, UPDATE (last_commit, owes, key_version) ON access_log_head TO tsunagu_lookup;

-- The bytes of docs/reference/access-log-format.md.
CREATE FUNCTION app.microseconds(p_at timestamptz) RETURNS bigint LANGUAGE sql STABLE
RETURN (extract(epoch FROM p_at) * 1000000)::bigint;
CREATE FUNCTION app.event_commit(
  p_inner bytea, p_participant uuid, p_pseq bigint, p_prev bytea, p_at timestamptz)
RETURNS bytea LANGUAGE sql STABLE
RETURN sha256('\x7068722d61636c2f31206576656e7400'::bytea || p_inner || uuid_send(p_participant)
  || int8send(p_pseq) || p_prev || int8send(app.microseconds(p_at)));
CREATE FUNCTION app.erasure_value(
  p_participant uuid, p_events bigint, p_last_commit bytea, p_at timestamptz)
RETURNS bytea LANGUAGE sql STABLE
RETURN sha256('\x7068722d61636c2f31206572617375726500'::bytea || uuid_send(p_participant)
  || int8send(p_events) || p_last_commit || int8send(app.microseconds(p_at)));
-- A context, and an event about this participant, as `owes` holds it.
CREATE FUNCTION app.owed(p_context text[], p_event text, p_participant uuid, p_at timestamptz)
RETURNS text LANGUAGE sql STABLE
RETURN array_to_string(ARRAY[p_event, p_context[2], p_context[3], p_participant::text,
  p_context[5], p_context[6], p_context[7], p_at::text], '|', '');

-- Takes the head's lock and notes what is owed, if the settings are still those of this version;
-- answers the event's place. For PostgreSQL's own functions, which have checked the context.
CREATE FUNCTION app.owe(
  p_context text[], p_event text, p_participant uuid, p_policy_version bigint,
  OUT last_pseq bigint, OUT last_commit bytea, OUT at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE access_log_head h
    SET owes = h.owes || app.owed(p_context, p_event, p_participant, clock_timestamp())
    WHERE h.participant_id = p_participant AND h.policy_version = p_policy_version
    RETURNING h.last_pseq, h.last_commit,
      split_part(h.owes[array_upper(h.owes, 1)], '|', 8)::timestamptz
    INTO owe.last_pseq, owe.last_commit, owe.at;
END $$;

-- AFTER the transaction did all it does: whoever was read from has the event of it.
CREATE FUNCTION app.refuse_owing() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT FROM access_log_head
    WHERE participant_id = NEW.participant_id AND owes <> '{}') THEN
    RAISE EXCEPTION 'nothing is read without its event' USING ERRCODE = '42501';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER nothing_is_owed AFTER INSERT OR UPDATE OF owes ON access_log_head
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.owes <> '{}')
  EXECUTE FUNCTION app.refuse_owing();
ALTER TABLE access_log_head ENABLE ALWAYS TRIGGER nothing_is_owed;

-- Whose an event was and of what kind stays in the body alone where the participant is not to be
-- told yet: then the columns that searches go by are empty.
CREATE FUNCTION app.shows(p_event text) RETURNS boolean LANGUAGE sql IMMUTABLE
RETURN p_event <> 'access_log:event:withheld';

-- Appends in the name of `p_who` (form or event, kind, account, subject, facility, professional,
-- purpose, …). The actor comes from a signed context alone, whatever the body says. Nothing is
-- appended, and `pseq` is NULL, where the body is sealed under a key no longer in force.
CREATE FUNCTION app.append_event(
  p_who text[], p_participant uuid, p_event text, p_outcome text, p_eid uuid, p_inner bytea,
  p_sealed bytea, p_key_version smallint,
  OUT pseq bigint, OUT at timestamptz, OUT commit bytea)
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_head access_log_head;
BEGIN
  IF p_participant IS NULL THEN
    RAISE EXCEPTION 'no event without a subject' USING ERRCODE = '42501';
  END IF;
  SELECT * INTO v_head FROM access_log_head WHERE participant_id = p_participant FOR UPDATE;
  IF NOT FOUND THEN
    INSERT INTO access_log_head (participant_id) VALUES (p_participant)
      ON CONFLICT (participant_id) DO NOTHING;
    SELECT * INTO v_head FROM access_log_head WHERE participant_id = p_participant FOR UPDATE;
  END IF;
  IF v_head.key_version <> p_key_version THEN
    RETURN;
  END IF;
  pseq := v_head.last_pseq + 1;
  at := clock_timestamp();
  commit := app.event_commit(p_inner, p_participant, pseq, v_head.last_commit, at);
  UPDATE access_log_head SET last_pseq = append_event.pseq, last_commit = append_event.commit
    WHERE participant_id = p_participant;
  INSERT INTO access_event (participant_id, pseq, at, eid, event, outcome, actor_kind, actor_id,
      facility_id, purpose_of_use, inner_hash, prev, commit, sealed, key_version, epoch)
    VALUES (p_participant, append_event.pseq, append_event.at, p_eid, p_event, p_outcome, p_who[2],
      CASE WHEN app.shows(p_event) THEN
        coalesce(nullif(p_who[6], ''), nullif(p_who[3], ''))::uuid END,
      CASE WHEN app.shows(p_event) THEN nullif(p_who[5], '')::uuid END,
      CASE WHEN app.shows(p_event) THEN nullif(p_who[7], '') END,
      p_inner, v_head.last_commit, append_event.commit, p_sealed, p_key_version,
      (SELECT epoch FROM log_state));
END $$;

-- To the log of the transaction's subject.
CREATE FUNCTION access_log_append(
  p_event text, p_outcome text, p_eid uuid, p_inner bytea, p_sealed bytea, p_key_version smallint,
  OUT pseq bigint, OUT at timestamptz, OUT commit bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
BEGIN
  SELECT a.pseq, a.at, a.commit
    INTO access_log_append.pseq, access_log_append.at, access_log_append.commit
    FROM app.append_event(v_context, nullif(v_context[4], '')::uuid, p_event, p_outcome, p_eid,
      p_inner, p_sealed, p_key_version) a;
END $$;

-- What is owed, for many participants in one statement, but each named once: the oldest of each.
-- The event's name, its time and its actor are those of the deed that owes it. All of them are
-- appended, or none: TL001 says that a key is no longer in force, or that a commit would not be the
-- one expected (NULL: whatever it is).
CREATE FUNCTION access_log_append_owed(
  p_participants uuid[], p_outcomes text[], p_eids uuid[], p_inner bytea[], p_sealed bytea[],
  p_key_versions smallint[], p_commits bytea[])
RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_count integer;
BEGIN
  WITH moved AS (
    UPDATE access_log_head h
    SET last_pseq = h.last_pseq + 1, owes = h.owes[2:],
      last_commit = app.event_commit(e.inner_hash, h.participant_id, h.last_pseq + 1,
        h.last_commit, split_part(h.owes[1], '|', 8)::timestamptz)
    FROM unnest(p_participants, p_outcomes, p_eids, p_inner, p_sealed, p_key_versions, p_commits)
      AS e(participant_id, outcome, eid, inner_hash, sealed, key_version, expected)
    WHERE h.participant_id = e.participant_id AND h.key_version = e.key_version
      AND cardinality(h.owes) > 0 -- not <> '{}': by that the planner would look for the few
    RETURNING e.*, new.last_pseq AS pseq, old.last_commit AS prev, new.last_commit AS commit,
      string_to_array(old.owes[1], '|') AS who
  )
  INSERT INTO access_event (participant_id, pseq, at, eid, event, outcome, actor_kind, actor_id,
    facility_id, purpose_of_use, inner_hash, prev, commit, sealed, key_version, epoch)
  SELECT m.participant_id, m.pseq, m.who[8]::timestamptz, m.eid, m.who[1], m.outcome, m.who[2],
    coalesce(nullif(m.who[6], ''), nullif(m.who[3], ''))::uuid, nullif(m.who[5], '')::uuid,
    nullif(m.who[7], ''), m.inner_hash, m.prev, m.commit, m.sealed, m.key_version,
    (SELECT s.epoch FROM log_state s)
  FROM moved m WHERE m.expected IS NULL OR m.commit = m.expected;
  GET DIAGNOSTICS v_count = ROW_COUNT;
  IF v_count <> cardinality(p_participants) THEN
    RAISE EXCEPTION 'not what is owed, or a key no longer in force' USING ERRCODE = 'TL001';
  END IF;
END $$;

-- An event that concerns no participant: number and previous commit are zero.
CREATE FUNCTION access_log_append_system(
  p_event text, p_outcome text, p_eid uuid, p_inner bytea, p_sealed bytea,
  OUT at timestamptz, OUT commit bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
BEGIN
  IF v_context IS NULL THEN
    RAISE EXCEPTION 'no event without an actor' USING ERRCODE = '42501';
  END IF;
  at := clock_timestamp();
  commit := app.event_commit(p_inner, '00000000-0000-0000-0000-000000000000', 0,
    decode(repeat('00', 32), 'hex'), at);
  INSERT INTO system_event (eid, at, event, outcome, actor_kind, actor_id, facility_id, inner_hash,
      commit, sealed, epoch)
    VALUES (p_eid, access_log_append_system.at, p_event, p_outcome, v_context[2],
      coalesce(nullif(v_context[6], ''), nullif(v_context[3], ''))::uuid,
      nullif(v_context[5], '')::uuid, p_inner, access_log_append_system.commit, p_sealed,
      (SELECT epoch FROM log_state));
END $$;

-- The keys in force, made from `p_fresh` where there is none: of the transaction's subject, and of
-- whoever is owed an event. `is_settled`: committed before this transaction began.
CREATE FUNCTION keystore_take_keys(p_participants uuid[], p_fresh bytea[])
RETURNS TABLE (participant_id uuid, version smallint, wrapped bytea, is_settled boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_subject uuid := app.subject();
BEGIN
  IF v_subject = ANY (p_participants) THEN
    INSERT INTO access_log_head (participant_id) VALUES (v_subject)
      ON CONFLICT (participant_id) DO NOTHING;
  END IF;
  INSERT INTO keystore.participant_key (participant_id, purpose, version, wrapped)
    SELECT h.participant_id, 'log', h.key_version, f.wrapped
    FROM unnest(p_participants, p_fresh) AS f(participant_id, wrapped)
    JOIN access_log_head h ON h.participant_id = f.participant_id
    WHERE h.participant_id = v_subject OR cardinality(h.owes) > 0
    ORDER BY h.participant_id
    ON CONFLICT DO NOTHING;
  RETURN QUERY SELECT k.participant_id, k.version, k.wrapped, k.made_at < now()
    FROM unnest(p_participants) AS f(participant_id)
    JOIN access_log_head h ON h.participant_id = f.participant_id
    JOIN keystore.participant_key k ON k.participant_id = h.participant_id
      AND k.purpose = 'log' AND k.version = h.key_version
    WHERE h.participant_id = v_subject OR cardinality(h.owes) > 0;
END $$;

-- Makes all bodies of the transaction's subject unreadable, and says so for ever.
CREATE FUNCTION access_log_erase(
  p_reason text, OUT events bigint, OUT at timestamptz, OUT last_commit bytea, OUT value bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_subject uuid := app.subject();
BEGIN
  IF v_subject IS NULL OR app.kind() IS DISTINCT FROM 'operator' THEN
    RAISE EXCEPTION 'only an operator erases' USING ERRCODE = '42501';
  END IF;
  UPDATE access_log_head h SET key_version = h.key_version + 1
    WHERE h.participant_id = v_subject
    RETURNING h.last_pseq, h.last_commit
    INTO access_log_erase.events, access_log_erase.last_commit;
  IF NOT FOUND THEN
    RETURN;
  END IF;
  at := clock_timestamp();
  value := app.erasure_value(v_subject, events, access_log_erase.last_commit, at);
  INSERT INTO erasure_certificate (participant_id, at, events, last_commit, reason, value, epoch)
    VALUES (v_subject, access_log_erase.at, access_log_erase.events, access_log_erase.last_commit,
      p_reason, access_log_erase.value, (SELECT epoch FROM log_state));
  DELETE FROM keystore.participant_key WHERE participant_id = v_subject AND purpose = 'log';
  UPDATE access_event SET sealed = NULL WHERE participant_id = v_subject AND sealed IS NOT NULL;
END $$;

-- As before, but for the event: who is asked is owed one, and answered here.
CREATE FUNCTION consent_open_campaign(
  p_terms text, p_answer_by date, OUT campaign_id uuid, OUT owed uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
  v_campaign uuid := uuidv7();
BEGIN
  IF v_context[2] IS NULL OR v_context[2] NOT IN ('support', 'operator') THEN
    RAISE EXCEPTION 'only the support centre asks everybody' USING ERRCODE = '42501';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtext('consent_campaign'));
  IF EXISTS (SELECT FROM consent_campaign WHERE called_off_at IS NULL AND ends_at > now()) THEN
    RETURN;
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
    SET policy_version = h.policy_version + 1,
      owes = h.owes || app.owed(v_context, 'consent:terms:asked', h.participant_id,
        clock_timestamp())
    FROM asked a WHERE h.participant_id = a.participant_id
    RETURNING h.participant_id
  ), told AS (
    INSERT INTO outbox (participant_id, event, params, channel)
    SELECT participant_id, 'terms_asked',
      jsonb_build_object('terms', p_terms, 'day', p_answer_by), 'inbox' FROM asked
  )
  SELECT coalesce(array_agg(participant_id ORDER BY participant_id), '{}') INTO owed FROM heads;
  campaign_id := v_campaign;
END $$;

-- Before its end: whoever has not answered goes on as before, is told, and is owed the event.
CREATE FUNCTION consent_call_off_campaign(
  p_campaign uuid, OUT terms text, OUT day date, OUT owed uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
BEGIN
  IF v_context[2] IS NULL OR v_context[2] NOT IN ('support', 'operator') THEN
    RAISE EXCEPTION 'only the support centre asks everybody' USING ERRCODE = '42501';
  END IF;
  UPDATE consent_campaign
    SET called_off_at = now(), called_off_by = nullif(v_context[3], '')::uuid
    WHERE campaign_id = p_campaign AND called_off_at IS NULL AND ends_at > now()
    RETURNING terms_version, answer_by INTO terms, day;
  IF terms IS NULL THEN
    RETURN;
  END IF;
  WITH waiting AS (
    SELECT participant_id FROM app.unanswered_question WHERE campaign_id = p_campaign
  ), heads AS (
    UPDATE access_log_head h
    SET policy_version = h.policy_version + 1,
      owes = h.owes || app.owed(v_context, 'consent:terms:called_off', h.participant_id,
        clock_timestamp())
    FROM waiting w WHERE h.participant_id = w.participant_id
    RETURNING h.participant_id
  ), told AS (
    INSERT INTO outbox (participant_id, event, params, channel)
    SELECT participant_id, 'terms_called_off', jsonb_build_object('terms', terms, 'day', day),
      'inbox' FROM waiting
  )
  SELECT coalesce(array_agg(participant_id ORDER BY participant_id), '{}') INTO owed FROM heads;
END $$;

GRANT EXECUTE ON FUNCTION app.microseconds(timestamptz),
  app.event_commit(bytea, uuid, bigint, bytea, timestamptz),
  app.erasure_value(uuid, bigint, bytea, timestamptz), app.owed(text[], text, uuid, timestamptz),
  app.shows(text), app.append_event(text[], uuid, text, text, uuid, bytea, bytea, smallint)
  TO tsunagu_lookup;
GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
DO $$
DECLARE v_function regprocedure;
BEGIN
  FOR v_function IN SELECT oid FROM pg_proc
    WHERE pronamespace IN ('public'::regnamespace, 'app'::regnamespace) AND proname IN (
      'refuse_owing', 'access_log_append', 'access_log_append_owed',
      'access_log_append_system', 'keystore_take_keys', 'access_log_erase',
      'consent_open_campaign', 'consent_call_off_campaign') LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO tsunagu_lookup', v_function);
    EXECUTE format('SET LOCAL ROLE tsunagu_lookup');
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', v_function);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tsunagu_app', v_function);
    EXECUTE format('SET LOCAL ROLE tsunagu_owner');
  END LOOP;
END $$;
ALTER FUNCTION app.owe(text[], text, uuid, bigint) OWNER TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
REVOKE EXECUTE ON FUNCTION app.owe(text[], text, uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.owe(text[], text, uuid, bigint) TO tsunagu_owner;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;

-- The ids of 16 bytes each that these hold.
CREATE FUNCTION app.ids(p_one bytea, p_other bytea) RETURNS TABLE (id bytea)
LANGUAGE sql IMMUTABLE AS $$
  SELECT substr(b.ids, n, 16)
  FROM (SELECT coalesce(p_one, '') || coalesce(p_other, '') AS ids) b
  CROSS JOIN LATERAL generate_series(1, length(b.ids), 16) n
$$;
-- Decides nothing and writes nothing: checks that what was decided from still holds, takes the
-- head's lock, reads, and owes the event (access-log flow 1). The caller composes it from what
-- was told and not told, and appends it in the same transaction, or nothing commits. Its place in
-- the log is fixed here: after `last_pseq` and `last_commit`, at `at`. 'stale': the
-- policy version or the standing (revisions of facility and person) is another by now; nothing was
-- read and nothing is owed. p_form: 'bundle' (FHIR entries), 'timeline' (JSON list for the portal).
CREATE FUNCTION records_read(
  p_context text, p_form text, p_types text[], p_record uuid, p_standing text,
  p_policy_version bigint,
  p_categories text[], p_source_permitted text[], p_source_denied text[],
  p_level integer, p_data_from date, p_sees_own boolean, p_exceptions text, p_before uuid,
  p_count integer, p_base_url text, p_event text,
  OUT status text, OUT entries bytea, OUT total integer, OUT shown integer, OUT last_id uuid,
  OUT told text, OUT told_ids bytea, OUT untold text, OUT untold_ids bytea,
  OUT last_pseq bigint, OUT last_commit bytea, OUT at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  v_context text[];
  v_subject uuid;
  v_facility uuid;
  v_standing text;
  v_except app.exceptions;
  v_entries text;
BEGIN
  v_context := app.enter_call(p_context, sha256(convert_to(concat_ws('|', p_form,
    array_to_string(p_types, ','), coalesce(p_record::text, ''), p_standing,
    p_policy_version, array_to_string(p_categories, ','),
    array_to_string(p_source_permitted, ','), array_to_string(p_source_denied, ','), p_level,
    coalesce(to_char(p_data_from, 'YYYY-MM-DD'), ''), p_sees_own::text,
    p_exceptions, coalesce(p_before::text, ''), p_count, p_base_url, p_event), 'UTF8')));
  v_subject := nullif(v_context[4], '')::uuid;
  v_facility := nullif(v_context[5], '')::uuid;
  SELECT f.revision || '.' || coalesce(p.revision, 0) INTO v_standing
    FROM facility f LEFT JOIN professional p
      ON p.professional_id = nullif(v_context[6], '')::uuid
    WHERE f.facility_id = v_facility;
  status := 'stale';
  IF v_standing IS DISTINCT FROM p_standing THEN
    RETURN;
  END IF;
  SELECT o.last_pseq, o.last_commit, o.at
    INTO records_read.last_pseq, records_read.last_commit, records_read.at
    FROM app.owe(v_context, p_event, v_subject, p_policy_version) o;
  IF records_read.at IS NULL THEN
    RETURN;
  END IF;
  status := 'read';
  IF p_exceptions <> '' THEN
    v_except := jsonb_populate_record(NULL::app.exceptions, p_exceptions::jsonb);
  END IF;
  SELECT sum(g.shown), string_agg(g.entries, ','),
      string_agg(g.line, ',' ORDER BY g.resource_type, g.category) FILTER (WHERE g.is_told),
      string_agg(g.ids, '') FILTER (WHERE g.is_told),
      string_agg(g.line, ',' ORDER BY g.resource_type, g.category) FILTER (WHERE NOT g.is_told),
      string_agg(g.ids, '') FILTER (WHERE NOT g.is_told)
    INTO shown, v_entries, told, told_ids, untold, untold_ids
    FROM (
      SELECT p.is_told, p.resource_type, p.category, count(*) AS shown,
        string_agg(uuid_send(p.record_id), '') AS ids,
        string_agg('{"fullUrl":"' || p_base_url || '/' || p.resource_type || '/' || p.record_id
          || '","resource":' || p.body || ',"search":{"mode":"match"}}', ',') AS entries,
        '{"category":' || to_json(p.category) || ',"count":' || count(*) || ',"type":'
          || to_json(p.resource_type) || '}' AS line
      FROM (
        SELECT r.record_id, r.resource_type, r.category, r.is_told, r.body
        FROM app.permitted_records(v_subject, v_facility, p_types, p_record, p_categories,
          p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own, v_except) r
        WHERE p_before IS NULL OR r.record_id < p_before
        ORDER BY r.record_id DESC LIMIT p_count
      ) p
      GROUP BY p.is_told, p.resource_type, p.category
    ) g;
  shown := coalesce(shown, 0);
  total := shown;
  IF shown = p_count OR p_before IS NOT NULL THEN
    SELECT count(*) INTO total FROM app.permitted_records(v_subject, v_facility, p_types,
      p_record, p_categories, p_source_permitted, p_source_denied, p_level, p_data_from,
      p_sees_own, v_except);
    SELECT encode(min(i.id), 'hex')::uuid INTO last_id FROM app.ids(told_ids, untold_ids) i;
  END IF;
  IF p_form = 'timeline' THEN
    SELECT string_agg(json_build_object('record_id', r.record_id, 'type', r.resource_type,
        'category', r.category, 'title', r.title, 'effective_on', r.effective_on,
        'effective_at', r.effective_at, 'facility_id', r.source_facility_id,
        'marks', r.marks)::text, ',' ORDER BY r.effective_on DESC, r.record_id DESC)
      INTO v_entries
      FROM app.permitted_records(v_subject, v_facility, p_types, p_record, p_categories,
        p_source_permitted, p_source_denied, p_level, p_data_from, p_sees_own, v_except) r
      WHERE uuid_send(r.record_id) IN (SELECT i.id FROM app.ids(told_ids, untold_ids) i);
  END IF;
  entries := convert_to(v_entries, 'UTF8');
END $$;
CREATE TYPE app.read_call AS (
  context text, form text, types text[], record_id uuid, standing text, policy_version bigint,
  categories text[], source_permitted text[], source_denied text[], level integer, data_from date,
  sees_own boolean, exceptions text, before uuid, page_size integer, base_url text, event text
);
GRANT EXECUTE ON FUNCTION records_read(text, text, text[], uuid, text, bigint, text[], text[],
  text[], integer, date, boolean, text, uuid, integer, text, text) TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "sealed access log", SQL)
