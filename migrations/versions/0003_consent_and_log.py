"""Participation, settings versions, and the append-only access log."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0003_consent_and_log"

SQL = r"""
CREATE TABLE participation (
  participant_id uuid NOT NULL REFERENCES participant,
  version integer NOT NULL CHECK (version >= 1),
  state text NOT NULL CHECK (state IN ('participating', 'refused', 'withdrawn')),
  terms_version text NOT NULL,
  data_from date,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by uuid,
  PRIMARY KEY (participant_id, version)
);
CREATE TABLE directive (
  participant_id uuid NOT NULL REFERENCES participant,
  version integer NOT NULL CHECK (version >= 1),
  provisions jsonb NOT NULL,
  change jsonb NOT NULL,
  profile_id text NOT NULL,
  profile_version integer NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  recorded_by uuid,
  PRIMARY KEY (participant_id, version),
  FOREIGN KEY (profile_id, profile_version) REFERENCES network_profile
);

-- Invariant: whoever changes settings or appends an event holds this row's lock, so every event
-- is decided under the settings in force at its own place in the log.
CREATE TABLE access_log_head (
  participant_id uuid PRIMARY KEY REFERENCES participant,
  last_pseq bigint NOT NULL DEFAULT 0,
  policy_version bigint NOT NULL DEFAULT 0
);
-- No foreign key: the head has it, every event passes the head, and the log outlives the person.
CREATE TABLE access_event (
  participant_id uuid NOT NULL,
  pseq bigint NOT NULL CHECK (pseq >= 1),
  eid uuid NOT NULL DEFAULT uuidv7(),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event text NOT NULL CHECK (event ~ '^[a-z_]+:[a-z_]+:[a-z_]+$'),
  outcome text NOT NULL CHECK (outcome IN ('permitted', 'denied')),
  actor_kind text NOT NULL,
  actor_id uuid,
  facility_id uuid,
  purpose_of_use text,
  detail jsonb NOT NULL,
  undisclosed jsonb NOT NULL,
  PRIMARY KEY (participant_id, pseq)
);
-- Events with no participant: an unknown card, an operator's act.
CREATE TABLE system_event (
  eid uuid PRIMARY KEY DEFAULT uuidv7(),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  event text NOT NULL CHECK (event ~ '^[a-z_]+:[a-z_]+:[a-z_]+$'),
  outcome text NOT NULL CHECK (outcome IN ('permitted', 'denied')),
  actor_kind text NOT NULL,
  actor_id uuid,
  facility_id uuid,
  detail jsonb NOT NULL
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['participation', 'directive', 'access_log_head', 'access_event']
  LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['participation', 'directive', 'access_event', 'system_event'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
  END LOOP;
END $$;

GRANT SELECT ON access_log_head, access_event, participation, directive TO tsunagu_app;

-- The one statement that writes an event; only the functions below reach it, holding the head's
-- lock. The actor comes from the signed context alone, whatever the detail says.
CREATE FUNCTION app.write_event(
  p_context text[], p_pseq bigint, p_event text, p_outcome text, p_detail jsonb,
  p_undisclosed jsonb, OUT at timestamptz, OUT eid uuid)
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO public.access_event AS e (participant_id, pseq, event, outcome, actor_kind, actor_id,
      facility_id, purpose_of_use, detail, undisclosed)
    VALUES (nullif(p_context[4], '')::uuid, p_pseq, p_event, p_outcome, p_context[2],
      coalesce(nullif(p_context[6], ''), nullif(p_context[3], ''))::uuid,
      nullif(p_context[5], '')::uuid, nullif(p_context[7], ''), p_detail, p_undisclosed)
    RETURNING e.at, e.eid INTO write_event.at, write_event.eid;
END $$;

CREATE FUNCTION access_log_append(
  p_event text, p_outcome text, p_detail jsonb, p_undisclosed jsonb,
  OUT pseq bigint, OUT at timestamptz, OUT eid uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
  v_subject uuid := nullif(v_context[4], '')::uuid;
BEGIN
  IF v_subject IS NULL THEN
    RAISE EXCEPTION 'no event without a subject' USING ERRCODE = '42501';
  END IF;
  INSERT INTO access_log_head AS h (participant_id, last_pseq) VALUES (v_subject, 1)
    ON CONFLICT (participant_id) DO UPDATE SET last_pseq = h.last_pseq + 1
    RETURNING h.last_pseq INTO access_log_append.pseq;
  SELECT w.at, w.eid INTO access_log_append.at, access_log_append.eid
    FROM app.write_event(v_context, access_log_append.pseq, p_event, p_outcome, p_detail,
      p_undisclosed) w;
END $$;

CREATE FUNCTION access_log_append_system(p_event text, p_outcome text, p_detail jsonb)
RETURNS uuid
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
  v_eid uuid;
BEGIN
  IF v_context IS NULL THEN
    RAISE EXCEPTION 'no event without an actor' USING ERRCODE = '42501';
  END IF;
  INSERT INTO system_event AS e (event, outcome, actor_kind, actor_id, facility_id, detail)
    VALUES (p_event, p_outcome, v_context[2],
      coalesce(nullif(v_context[6], ''), nullif(v_context[3], ''))::uuid,
      nullif(v_context[5], '')::uuid, p_detail)
    RETURNING e.eid INTO v_eid;
  RETURN v_eid;
END $$;

-- Takes the head's lock; answers the policy version in force (0: nothing decided yet).
CREATE FUNCTION access_log_lock_head() RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_version bigint;
BEGIN
  SELECT policy_version INTO v_version FROM access_log_head
    WHERE participant_id = app.subject() FOR UPDATE;
  IF v_version IS NULL THEN
    INSERT INTO access_log_head (participant_id) VALUES (app.subject())
      ON CONFLICT (participant_id) DO NOTHING;
    SELECT policy_version INTO v_version FROM access_log_head
      WHERE participant_id = app.subject() FOR UPDATE;
  END IF;
  RETURN v_version;
END $$;

CREATE FUNCTION app.bump_policy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM access_log_lock_head();
  UPDATE access_log_head SET policy_version = policy_version + 1
    WHERE participant_id = NEW.participant_id;
  RETURN NEW;
END $$;
CREATE TRIGGER participation_takes_effect AFTER INSERT ON participation
  FOR EACH ROW EXECUTE FUNCTION app.bump_policy();
CREATE TRIGGER directive_takes_effect AFTER INSERT ON directive
  FOR EACH ROW EXECUTE FUNCTION app.bump_policy();

GRANT INSERT ON participation, directive TO tsunagu_app;
GRANT EXECUTE ON FUNCTION access_log_append(text, text, jsonb, jsonb),
  access_log_append_system(text, text, jsonb), access_log_lock_head() TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "consent and access log", SQL)
