"""Disaster mode: an area and a period that two officers declare, and what it opens."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0052_disaster"

SQL = r"""
-- `regions`: the area and all that lies in it, as the network had them that day.
CREATE TABLE disaster (
  disaster_id uuid PRIMARY KEY DEFAULT uuidv7(),
  region text NOT NULL CHECK (region ~ '^[a-z0-9][a-z0-9_]{0,39}$'),
  regions text[] NOT NULL CHECK (region = ANY (regions)),
  words text NOT NULL CHECK (length(words) BETWEEN 1 AND 500),
  begun_at timestamptz NOT NULL
);
-- The declaration itself, and then each renewal: asked for by one officer, given by another.
CREATE TABLE disaster_turn (
  disaster_id uuid NOT NULL REFERENCES disaster,
  turn smallint NOT NULL CHECK (turn >= 1),
  hours smallint NOT NULL CHECK (hours BETWEEN 1 AND 72),
  asked_by uuid NOT NULL,
  by_name text NOT NULL,
  asked_at timestamptz NOT NULL,
  PRIMARY KEY (disaster_id, turn),
  UNIQUE (disaster_id, turn, asked_by)
);
CREATE TABLE disaster_confirmation (
  disaster_id uuid NOT NULL,
  turn smallint NOT NULL,
  asked_by uuid NOT NULL,
  confirmed_by uuid NOT NULL CHECK (confirmed_by <> asked_by),
  by_name text NOT NULL,
  confirmed_at timestamptz NOT NULL,
  until_at timestamptz NOT NULL,
  PRIMARY KEY (disaster_id, turn),
  FOREIGN KEY (disaster_id, turn, asked_by) REFERENCES disaster_turn (disaster_id, turn, asked_by),
  CHECK (until_at > confirmed_at AND until_at <= confirmed_at + interval '72 hours')
);
CREATE TABLE disaster_end (
  disaster_id uuid PRIMARY KEY REFERENCES disaster,
  ended_by uuid NOT NULL,
  by_name text NOT NULL,
  ended_at timestamptz NOT NULL
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['disaster', 'disaster_turn', 'disaster_confirmation',
    'disaster_end'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY known_to_all ON %I FOR SELECT TO tsunagu_app
      USING ((SELECT app.kind()) IS NOT NULL)', v_table);
    EXECUTE format('CREATE POLICY of_officers ON %I FOR INSERT TO tsunagu_app
      WITH CHECK ((SELECT app.kind()) = ''support'' AND (SELECT app.account()) IS NOT NULL)',
      v_table);
    EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO tsunagu_app', v_table);
    EXECUTE format('GRANT SELECT ON %I TO tsunagu_lookup', v_table);
  END LOOP;
END $$;

-- Until when it is declared, or was: the newest confirmation's end, or when an officer ended it.
CREATE FUNCTION app.disaster_until(p_disaster uuid) RETURNS timestamptz LANGUAGE sql STABLE
RETURN (SELECT least(max(c.until_at), (SELECT e.ended_at FROM public.disaster_end e
    WHERE e.disaster_id = p_disaster))
  FROM public.disaster_confirmation c WHERE c.disaster_id = p_disaster);
-- Which runs where this facility is, by the database's clock.
CREATE FUNCTION app.disaster_at(p_facility uuid) RETURNS uuid LANGUAGE sql STABLE
RETURN (SELECT d.disaster_id FROM public.disaster d
  JOIN public.facility f ON f.region = ANY (d.regions)
  WHERE f.facility_id = p_facility AND app.disaster_until(d.disaster_id) > clock_timestamp()
  ORDER BY app.disaster_until(d.disaster_id) DESC, d.disaster_id LIMIT 1);
GRANT EXECUTE ON FUNCTION app.disaster_until(uuid), app.disaster_at(uuid)
  TO tsunagu_app, tsunagu_lookup;

-- Who and when are PostgreSQL's to say. A request lapses in a day; a renewal is of what still runs.
CREATE FUNCTION app.disaster_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_now constant timestamptz := clock_timestamp();
  v_turn disaster_turn;
BEGIN
  IF TG_TABLE_NAME = 'disaster' THEN
    NEW.begun_at := v_now;
    RETURN NEW;
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(NEW.disaster_id::text, 0));
  IF TG_TABLE_NAME = 'disaster_turn' THEN
    NEW.asked_by := app.account();
    NEW.asked_at := v_now;
    IF NEW.turn > 1 AND app.disaster_until(NEW.disaster_id) <= v_now IS NOT FALSE THEN
      RAISE EXCEPTION 'only what runs is renewed' USING ERRCODE = '42501';
    END IF;
  ELSIF TG_TABLE_NAME = 'disaster_confirmation' THEN
    NEW.confirmed_by := app.account();
    NEW.confirmed_at := v_now;
    SELECT * INTO v_turn FROM disaster_turn
      WHERE disaster_id = NEW.disaster_id AND turn = NEW.turn;
    NEW.until_at := v_now + v_turn.hours * interval '1 hour';
    IF v_turn.asked_at <= v_now - interval '1 day' THEN
      RAISE EXCEPTION 'it was asked for more than a day ago' USING ERRCODE = '42501';
    END IF;
    IF EXISTS (SELECT FROM disaster_end WHERE disaster_id = NEW.disaster_id)
       OR (NEW.turn > 1 AND app.disaster_until(NEW.disaster_id) <= v_now IS NOT FALSE) THEN
      RAISE EXCEPTION 'only what runs is renewed' USING ERRCODE = '42501';
    END IF;
  ELSE
    NEW.ended_by := app.account();
    NEW.ended_at := v_now;
  END IF;
  RETURN NEW;
END $$;
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['disaster', 'disaster_turn', 'disaster_confirmation',
    'disaster_end'] LOOP
    EXECUTE format('CREATE TRIGGER disaster_holds BEFORE INSERT ON %I
      FOR EACH ROW EXECUTE FUNCTION app.disaster_holds()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER disaster_holds', v_table);
  END LOOP;
END $$;

-- A session opened under a declaration: by four items alone, without a word, and no further than
-- the summary; it reads only while the declaration runs.
ALTER TABLE emergency_session ADD COLUMN disaster_id uuid REFERENCES disaster;
ALTER TABLE emergency_session DROP CONSTRAINT emergency_session_words_check;
ALTER TABLE emergency_session ADD CONSTRAINT emergency_session_words_check
  CHECK (length(words) BETWEEN 1 AND 500 OR (words = '' AND disaster_id IS NOT NULL));
ALTER TABLE emergency_session ADD CONSTRAINT emergency_session_disaster_check
  CHECK (disaster_id IS NULL OR (reason = 'disaster' AND identification = 'four_items'));
CREATE INDEX emergency_session_of_disaster ON emergency_session (disaster_id)
  WHERE disaster_id IS NOT NULL;

CREATE FUNCTION app.emergency_is_declared() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM disaster d JOIN facility f ON f.region = ANY (d.regions)
      WHERE d.disaster_id = NEW.disaster_id AND f.facility_id = NEW.facility_id
        AND app.disaster_until(d.disaster_id) > clock_timestamp()) THEN
    RAISE EXCEPTION 'no disaster is declared there' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_is_declared BEFORE INSERT ON emergency_session
  FOR EACH ROW WHEN (NEW.disaster_id IS NOT NULL) EXECUTE FUNCTION app.emergency_is_declared();
ALTER TABLE emergency_session ENABLE ALWAYS TRIGGER emergency_is_declared;

CREATE FUNCTION app.emergency_in_disaster() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_disaster uuid := (SELECT disaster_id FROM emergency_session
  WHERE participant_id = NEW.participant_id AND session_id = NEW.session_id);
BEGIN
  IF v_disaster IS NULL THEN
    RETURN NEW;
  END IF;
  IF NEW.kind = 'widened' THEN
    RAISE EXCEPTION 'under a declaration the summary is all there is' USING ERRCODE = '42501';
  END IF;
  IF NOT app.disaster_until(v_disaster) > clock_timestamp() THEN
    RAISE EXCEPTION 'the declaration is over' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_in_disaster BEFORE INSERT ON emergency_step
  FOR EACH ROW WHEN (NEW.kind IN ('activated', 'widened', 'renewed'))
  EXECUTE FUNCTION app.emergency_in_disaster();
ALTER TABLE emergency_step ENABLE ALWAYS TRIGGER emergency_in_disaster;

CREATE OR REPLACE FUNCTION app.emergency_runs(
  p_participant uuid, p_professional uuid, p_facility uuid)
RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (
  SELECT FROM public.emergency_session s
  CROSS JOIN LATERAL (SELECT t.state, t.expires_at FROM public.emergency_step t
    WHERE t.participant_id = s.participant_id AND t.session_id = s.session_id
    ORDER BY t.step DESC LIMIT 1) l
  WHERE s.participant_id = p_participant AND s.professional_id = p_professional
    AND s.facility_id = p_facility AND l.state IN ('t1', 't2')
    AND l.expires_at > clock_timestamp()
    AND (s.disaster_id IS NULL OR app.disaster_until(s.disaster_id) > clock_timestamp()))
  AND 'refuse' IS DISTINCT FROM (SELECT c.kind FROM public.emergency_choice c
    WHERE c.participant_id = p_participant ORDER BY c.version DESC LIMIT 1);
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "disaster mode", SQL)
