"""Facilities and professionals; participants, cards, accounts, passkeys, sessions."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0002_directory_and_identity"

SQL = r"""
CREATE TABLE network_profile (
  profile_id text NOT NULL,
  version integer NOT NULL CHECK (version >= 1),
  source text NOT NULL,
  loaded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (profile_id, version)
);
CREATE TRIGGER network_profile_is_append_only BEFORE UPDATE OR DELETE ON network_profile
  FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
ALTER TABLE network_profile ENABLE ALWAYS TRIGGER network_profile_is_append_only;

CREATE TABLE facility (
  facility_id uuid PRIMARY KEY DEFAULT uuidv7(),
  id_system text NOT NULL,
  code text NOT NULL,
  name text NOT NULL,
  name_kana text NOT NULL,
  name_en text NOT NULL,
  facility_type text NOT NULL,
  region text NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  revision integer NOT NULL DEFAULT 1,
  joined_at timestamptz NOT NULL DEFAULT now(),
  UNIQUE (id_system, code)
);
CREATE INDEX facility_by_kana ON facility (name_kana);

CREATE TABLE professional (
  professional_id uuid PRIMARY KEY DEFAULT uuidv7(),
  facility_id uuid NOT NULL REFERENCES facility,
  name text NOT NULL,
  name_kana text NOT NULL,
  profession text NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  trained_on date,
  revision integer NOT NULL DEFAULT 1
);
CREATE INDEX professional_by_facility ON professional (facility_id);

-- Invariant: any change of a row moves its revision, so a reader can tell that it is out of date.
CREATE FUNCTION app.next_revision() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  NEW.revision := OLD.revision + 1;
  RETURN NEW;
END $$;
CREATE TRIGGER facility_revision BEFORE UPDATE ON facility
  FOR EACH ROW EXECUTE FUNCTION app.next_revision();
CREATE TRIGGER professional_revision BEFORE UPDATE ON professional
  FOR EACH ROW EXECUTE FUNCTION app.next_revision();

CREATE TABLE officer (
  officer_id uuid PRIMARY KEY DEFAULT uuidv7(),
  name text NOT NULL,
  name_kana text NOT NULL,
  is_active boolean NOT NULL DEFAULT true
);

CREATE TABLE system_client (
  client_id text PRIMARY KEY,
  facility_id uuid NOT NULL REFERENCES facility,
  name text NOT NULL,
  jwks jsonb NOT NULL,
  is_active boolean NOT NULL DEFAULT true
);
CREATE TABLE assertion_jti (
  client_id text NOT NULL REFERENCES system_client,
  jti text NOT NULL CHECK (length(jti) <= 255),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (client_id, jti)
);
CREATE INDEX assertion_jti_by_expiry ON assertion_jti (expires_at);

CREATE TABLE participant (
  participant_id uuid PRIMARY KEY DEFAULT uuidv7(),
  name text NOT NULL,
  name_kana text NOT NULL,
  sex text NOT NULL CHECK (sex IN ('female', 'male', 'other', 'unknown')),
  birth_on date NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE card (
  participant_id uuid NOT NULL REFERENCES participant,
  number text NOT NULL CHECK (number ~ '^[0-9]{16}$'),
  is_active boolean NOT NULL DEFAULT true,
  issued_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, number),
  UNIQUE (number)
);
CREATE TABLE activation_code (
  participant_id uuid NOT NULL REFERENCES participant,
  code_hmac bytea NOT NULL CHECK (length(code_hmac) = 32),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (participant_id, code_hmac)
);
-- A ticket stands between the checked card and the finished account; it holds no answer yet.
CREATE TABLE enrolment_ticket (
  participant_id uuid NOT NULL REFERENCES participant,
  ticket_hash bytea NOT NULL CHECK (length(ticket_hash) = 32),
  code_hmac bytea NOT NULL,
  terms_version text,
  accepted_at timestamptz,
  challenge bytea,
  expires_at timestamptz NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (participant_id, ticket_hash)
);
CREATE INDEX enrolment_ticket_by_hash ON enrolment_ticket (ticket_hash);

CREATE TABLE account (
  account_id uuid PRIMARY KEY DEFAULT uuidv7(),
  kind text NOT NULL CHECK (kind IN ('participant', 'professional', 'support')),
  participant_id uuid UNIQUE REFERENCES participant,
  professional_id uuid UNIQUE REFERENCES professional,
  officer_id uuid UNIQUE REFERENCES officer,
  created_at timestamptz NOT NULL DEFAULT now(),
  CHECK (num_nonnulls(participant_id, professional_id, officer_id) = 1),
  CHECK ((kind = 'participant') = (participant_id IS NOT NULL)),
  CHECK ((kind = 'professional') = (professional_id IS NOT NULL))
);
CREATE TABLE passkey (
  account_id uuid NOT NULL REFERENCES account,
  credential_id bytea NOT NULL,
  public_key bytea NOT NULL,
  sign_count bigint NOT NULL,
  is_backed_up boolean NOT NULL,
  created_at timestamptz NOT NULL DEFAULT now(),
  last_used_at timestamptz,
  PRIMARY KEY (account_id, credential_id),
  UNIQUE (credential_id)
);
CREATE TABLE session (
  account_id uuid NOT NULL REFERENCES account,
  session_hash bytea NOT NULL CHECK (length(session_hash) = 32),
  created_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  ended_at timestamptz,
  PRIMARY KEY (account_id, session_hash)
);
CREATE INDEX session_by_hash ON session (session_hash);

-- Challenges of sign-ins under way: nobody's yet, single use, minutes old.
CREATE TABLE sign_in_challenge (
  challenge bytea PRIMARY KEY,
  expires_at timestamptz NOT NULL
);
CREATE INDEX sign_in_challenge_by_expiry ON sign_in_challenge (expires_at);
-- Keys are keyed hashes: no card number or address can be read here.
CREATE TABLE throttle (
  bucket bytea PRIMARY KEY CHECK (length(bucket) = 32),
  state jsonb NOT NULL,
  updated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX throttle_by_age ON throttle (updated_at);

CREATE TABLE demo_sign_in (
  token_hash bytea PRIMARY KEY CHECK (length(token_hash) = 32),
  account_id uuid NOT NULL REFERENCES account,
  expires_at timestamptz NOT NULL,
  used_at timestamptz
);
CREATE FUNCTION app.demo_only() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT FROM deployment WHERE kind = 'demo') THEN
    RAISE EXCEPTION 'the demo door does not exist here' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER demo_sign_in_in_the_demo_only BEFORE INSERT OR UPDATE ON demo_sign_in
  FOR EACH ROW EXECUTE FUNCTION app.demo_only();
ALTER TABLE demo_sign_in ENABLE ALWAYS TRIGGER demo_sign_in_in_the_demo_only;

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['participant', 'card', 'activation_code', 'enrolment_ticket'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['account', 'passkey', 'session'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_account ON %I
      USING (account_id = (SELECT app.account()))', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
  END LOOP;
END $$;

-- Everyone may read the directory; only an operator's signed context may write it, so a stolen
-- password of the application's role registers no facility, no person and no key.
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['facility', 'professional', 'officer', 'system_client'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY readable ON %I FOR SELECT USING (true)', v_table);
    EXECUTE format('CREATE POLICY operators_add ON %I FOR INSERT
      WITH CHECK ((SELECT app.kind()) = ''operator'')', v_table);
    EXECUTE format('CREATE POLICY operators_change ON %I FOR UPDATE
      USING ((SELECT app.kind()) = ''operator'')', v_table);
  END LOOP;
END $$;

GRANT SELECT ON network_profile, facility, professional, officer, system_client TO tsunagu_app;
GRANT INSERT ON network_profile, facility, professional, officer, system_client TO tsunagu_app;
GRANT UPDATE (is_active) ON facility, professional, officer, system_client TO tsunagu_app;
GRANT UPDATE (trained_on) ON professional TO tsunagu_app;
GRANT SELECT, INSERT, DELETE ON assertion_jti, sign_in_challenge TO tsunagu_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON throttle TO tsunagu_app;
GRANT SELECT, INSERT ON participant, card, activation_code, enrolment_ticket, account, passkey,
  session TO tsunagu_app;
GRANT UPDATE (used_at) ON activation_code TO tsunagu_app;
GRANT UPDATE (terms_version, accepted_at, challenge, finished_at) ON enrolment_ticket
  TO tsunagu_app;
GRANT UPDATE (sign_count, is_backed_up, last_used_at) ON passkey TO tsunagu_app;
GRANT UPDATE (ended_at) ON session TO tsunagu_app;
GRANT SELECT, INSERT ON demo_sign_in TO tsunagu_app;
GRANT UPDATE (used_at) ON demo_sign_in TO tsunagu_app;
GRANT SELECT ON participant, card, activation_code, enrolment_ticket, account, passkey, session
  TO tsunagu_lookup;

-- What must cross participants: one narrow question each, answered with an id or nothing.
-- The same look-ups whether the card is there or not: the time of the answer tells nothing.
CREATE FUNCTION identity_check_enrolment(p_number text, p_birth_on date, p_code_hmac bytea)
RETURNS uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_participant uuid;
  v_is_born_then boolean;
  v_has_code boolean;
BEGIN
  SELECT participant_id INTO v_participant FROM card WHERE number = p_number AND is_active;
  v_participant := coalesce(v_participant, '00000000-0000-0000-0000-000000000000');
  v_is_born_then := EXISTS (SELECT FROM participant
    WHERE participant_id = v_participant AND birth_on = p_birth_on);
  v_has_code := EXISTS (SELECT FROM activation_code WHERE participant_id = v_participant
    AND code_hmac = p_code_hmac AND used_at IS NULL AND expires_at > now());
  RETURN CASE WHEN v_is_born_then AND v_has_code THEN v_participant END;
END $$;
CREATE FUNCTION identity_ticket_participant(p_ticket_hash bytea)
RETURNS TABLE (participant_id uuid, account_id uuid, has_passkey boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.participant_id, a.account_id,
         EXISTS (SELECT FROM passkey k WHERE k.account_id = a.account_id)
  FROM enrolment_ticket t LEFT JOIN account a USING (participant_id)
  WHERE t.ticket_hash = p_ticket_hash
$$;
CREATE FUNCTION identity_participant_of_card(p_number text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT participant_id FROM card WHERE number = p_number AND is_active
$$;

-- Who an account stands for. It reads with the rights of whoever asks.
CREATE VIEW app.account_holder WITH (security_invoker = true) AS
  SELECT a.account_id, a.kind, a.participant_id, a.professional_id, p.facility_id, p.profession,
         coalesce(s.name, p.name, o.name) AS name,
         coalesce(p.is_active, o.is_active, true) AS is_active
  FROM account a
  LEFT JOIN participant s USING (participant_id)
  LEFT JOIN professional p USING (professional_id)
  LEFT JOIN officer o USING (officer_id);
GRANT SELECT ON app.account_holder, professional, officer, demo_sign_in TO tsunagu_lookup;

CREATE FUNCTION identity_account_of_session(p_session_hash bytea)
RETURNS SETOF app.account_holder
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.* FROM session s JOIN app.account_holder h USING (account_id)
  WHERE s.session_hash = p_session_hash AND s.ended_at IS NULL AND s.expires_at > now()
    AND h.is_active
$$;
CREATE FUNCTION identity_account_of_passkey(p_credential_id bytea)
RETURNS SETOF app.account_holder
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.* FROM passkey k JOIN app.account_holder h USING (account_id)
  WHERE k.credential_id = p_credential_id AND h.is_active
$$;
CREATE FUNCTION identity_account_of_demo_link(p_token_hash bytea)
RETURNS SETOF app.account_holder
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.* FROM demo_sign_in d JOIN app.account_holder h USING (account_id)
  WHERE d.token_hash = p_token_hash AND d.used_at IS NULL AND d.expires_at > now()
    AND h.is_active
$$;
DO $$
DECLARE v_function regprocedure;
BEGIN
  FOR v_function IN SELECT oid FROM pg_proc
    WHERE proname LIKE 'identity\_%' AND pronamespace = 'public'::regnamespace LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO tsunagu_lookup', v_function);
    EXECUTE format('SET LOCAL ROLE tsunagu_lookup');
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', v_function);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tsunagu_app', v_function);
    EXECUTE format('SET LOCAL ROLE tsunagu_owner');
  END LOOP;
END $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "directory and identity", SQL)
