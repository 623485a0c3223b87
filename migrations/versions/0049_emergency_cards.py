"""Cards participants carry for an emergency, and the codes in them that say once who they are."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0049_emergency_cards"

SQL = r"""
-- What a participant chose to carry. Once it is over nothing is kept of what it said.
CREATE TABLE emergency_card (
  participant_id uuid NOT NULL REFERENCES participant,
  card_id uuid NOT NULL DEFAULT uuidv7(),
  content text CHECK (length(content) <= 16384),
  made_at timestamptz NOT NULL,
  made_by uuid,
  ended_at timestamptz,
  ended_because text CHECK (ended_because IN ('revoked', 'replaced')),
  PRIMARY KEY (participant_id, card_id),
  CHECK ((ended_at IS NULL) = (ended_because IS NULL)),
  CHECK ((ended_at IS NULL) = (content IS NOT NULL))
);
CREATE UNIQUE INDEX emergency_card_running ON emergency_card (participant_id)
  WHERE ended_at IS NULL;

-- A code as it was printed or shown; of the code itself only the hash. The newest of a card and
-- medium serves.
CREATE TABLE emergency_card_code (
  participant_id uuid NOT NULL,
  code_id uuid NOT NULL DEFAULT uuidv7(),
  card_id uuid NOT NULL,
  medium text NOT NULL CHECK (medium IN ('paper', 'phone')),
  kid text NOT NULL CHECK (length(kid) <= 64),
  code_hash bytea NOT NULL UNIQUE CHECK (octet_length(code_hash) = 32),
  made_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (participant_id, code_id),
  FOREIGN KEY (participant_id, card_id) REFERENCES emergency_card,
  CHECK (expires_at > made_at AND expires_at <= made_at + interval '366 days')
);
CREATE INDEX emergency_card_code_of ON emergency_card_code (participant_id, card_id);

-- A code serves one opening.
CREATE TABLE emergency_card_use (
  participant_id uuid NOT NULL,
  code_id uuid NOT NULL,
  session_id uuid NOT NULL UNIQUE,
  used_at timestamptz NOT NULL,
  PRIMARY KEY (participant_id, code_id),
  FOREIGN KEY (participant_id, code_id) REFERENCES emergency_card_code,
  FOREIGN KEY (participant_id, session_id) REFERENCES emergency_session
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['emergency_card', 'emergency_card_code', 'emergency_card_use'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('GRANT SELECT ON %I TO tsunagu_lookup', v_table);
    EXECUTE format('GRANT SELECT, INSERT ON %I TO tsunagu_app', v_table);
  END LOOP;
  -- Nobody reads in the database what somebody carries: whoever may is shown the card.
  FOREACH v_table IN ARRAY ARRAY['emergency_card', 'emergency_card_code'] LOOP
    EXECUTE format('CREATE POLICY kind_may ON %I AS RESTRICTIVE TO tsunagu_app
      USING ((SELECT app.kind()) = ''participant'')', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['emergency_card_code', 'emergency_card_use'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
  END LOOP;
END $$;
GRANT UPDATE (ended_because) ON emergency_card TO tsunagu_app;
CREATE POLICY kind_may_insert ON emergency_card_use AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) IN ('professional', 'system')
    AND (SELECT (app.context())[7]) = 'BTG');
-- An opening that is held back from its participant is not told by its code either.
CREATE POLICY told_first ON emergency_card_use AS RESTRICTIVE FOR SELECT TO tsunagu_app
  USING ((SELECT app.kind()) <> 'participant'
    OR NOT app.emergency_is_held(participant_id, session_id));

CREATE FUNCTION app.emergency_card_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.made_at := clock_timestamp();
    NEW.made_by := app.account();
    RETURN NEW;
  END IF;
  IF OLD.ended_at IS NOT NULL OR NEW.ended_because IS NULL THEN
    RAISE EXCEPTION 'a card ends once' USING ERRCODE = '42501';
  END IF;
  NEW.ended_at := clock_timestamp();
  NEW.content := NULL;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_card_holds BEFORE INSERT OR UPDATE ON emergency_card
  FOR EACH ROW EXECUTE FUNCTION app.emergency_card_holds();
ALTER TABLE emergency_card ENABLE ALWAYS TRIGGER emergency_card_holds;

CREATE FUNCTION app.emergency_card_code_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  NEW.made_at := clock_timestamp();
  IF NOT EXISTS (SELECT FROM emergency_card WHERE participant_id = NEW.participant_id
      AND card_id = NEW.card_id AND ended_at IS NULL) THEN
    RAISE EXCEPTION 'the card is over' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER emergency_card_code_holds BEFORE INSERT ON emergency_card_code
  FOR EACH ROW EXECUTE FUNCTION app.emergency_card_code_holds();
ALTER TABLE emergency_card_code ENABLE ALWAYS TRIGGER emergency_card_code_holds;

ALTER TABLE emergency_session DROP CONSTRAINT emergency_session_identification_check;
ALTER TABLE emergency_session ADD CONSTRAINT emergency_session_identification_check
  CHECK (identification IN ('card', 'local_id', 'four_items', 'insurance', 'emergency_card'));

-- AFTER the transaction did all it does: who is said to have shown a card's code has used one up.
CREATE FUNCTION app.emergency_code_is_used() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM emergency_card_use WHERE participant_id = NEW.participant_id
      AND session_id = NEW.session_id) THEN
    RAISE EXCEPTION 'nobody is known by a card without its code' USING ERRCODE = '42501';
  END IF;
  RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER emergency_code_is_used AFTER INSERT ON emergency_session
  DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NEW.identification = 'emergency_card')
  EXECUTE FUNCTION app.emergency_code_is_used();
ALTER TABLE emergency_session ENABLE ALWAYS TRIGGER emergency_code_is_used;

GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Whose a code is and how it stands; for whoever opens in an emergency alone.
CREATE FUNCTION emergency_card_code_of(p_hash bytea)
RETURNS TABLE (participant_id uuid, code_id uuid, expires_at timestamptz, ended_because text,
  is_used boolean, is_newest boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF (app.context())[7] IS DISTINCT FROM 'BTG' OR app.facility() IS NULL THEN
    RAISE EXCEPTION 'codes are asked for in an emergency alone' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY SELECT c.participant_id, c.code_id, c.expires_at,
      -- Who was merged with somebody else carries a new card.
      CASE WHEN app.one_person(c.participant_id) <> c.participant_id THEN 'revoked'
        ELSE d.ended_because END,
      EXISTS (SELECT FROM emergency_card_use u
        WHERE u.participant_id = c.participant_id AND u.code_id = c.code_id),
      NOT EXISTS (SELECT FROM emergency_card_code n WHERE n.participant_id = c.participant_id
        AND n.card_id = c.card_id AND n.medium = c.medium AND n.code_id > c.code_id)
    FROM emergency_card_code c JOIN emergency_card d USING (participant_id, card_id)
    WHERE c.code_hash = p_hash;
END $$;
REVOKE EXECUTE ON FUNCTION emergency_card_code_of(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION emergency_card_code_of(bytea) TO tsunagu_app;
-- A code that serves, for the session of whoever shows it, which says so itself.
CREATE FUNCTION app.emergency_card_use_holds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  NEW.used_at := clock_timestamp();
  IF NOT EXISTS (
    SELECT FROM emergency_card_code c JOIN emergency_card d USING (participant_id, card_id)
    WHERE c.participant_id = NEW.participant_id AND c.code_id = NEW.code_id
      AND d.ended_at IS NULL AND c.expires_at > NEW.used_at
      AND NOT EXISTS (SELECT FROM emergency_card_code n WHERE n.participant_id = c.participant_id
        AND n.card_id = c.card_id AND n.medium = c.medium AND n.code_id > c.code_id))
  OR NOT EXISTS (
    SELECT FROM emergency_session s
    WHERE s.participant_id = NEW.participant_id AND s.session_id = NEW.session_id
      AND s.identification = 'emergency_card' AND s.requested_at >= now()
      AND s.professional_id::text IS NOT DISTINCT FROM (app.context())[6]
      AND s.facility_id::text IS NOT DISTINCT FROM (app.context())[5])
  THEN
    RAISE EXCEPTION 'the code does not serve' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
REVOKE EXECUTE ON FUNCTION app.emergency_card_use_holds() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.emergency_card_use_holds() TO tsunagu_owner;
SET LOCAL ROLE tsunagu_owner;
CREATE TRIGGER emergency_card_use_holds BEFORE INSERT ON emergency_card_use
  FOR EACH ROW EXECUTE FUNCTION app.emergency_card_use_holds();
ALTER TABLE emergency_card_use ENABLE ALWAYS TRIGGER emergency_card_use_holds;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "emergency cards", SQL)
