"""Keys and sessions of people: named and revoked passkeys, sessions listed and stepped up."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0021_keys_of_people"

SQL = r"""
ALTER TABLE passkey
  ADD COLUMN passkey_id uuid NOT NULL DEFAULT uuidv7(),
  ADD COLUMN name text NOT NULL DEFAULT '' CHECK (length(name) <= 40),
  ADD COLUMN revoked_at timestamptz;
CREATE UNIQUE INDEX passkey_by_id ON passkey (account_id, passkey_id);
GRANT UPDATE (name, revoked_at) ON passkey TO tsunagu_app;

-- `way` says how it was opened, `device` what its holder knows it by: a family, never more.
ALTER TABLE session
  ADD COLUMN session_id uuid NOT NULL DEFAULT uuidv7(),
  ADD COLUMN way text NOT NULL DEFAULT 'passkey' CHECK (way ~ '^[a-z_]{1,20}$'),
  ADD COLUMN passkey_id uuid,
  ADD COLUMN device text NOT NULL DEFAULT '' CHECK (device ~ '^[a-z]{0,20}( [a-z]{1,20})?$'),
  ADD COLUMN seen_at timestamptz NOT NULL DEFAULT now(),
  ADD COLUMN idle_seconds integer NOT NULL DEFAULT 3600 CHECK (idle_seconds > 0),
  ADD COLUMN stepped_up_at timestamptz,
  -- The thumbprint of the app's key (RFC 9449): such a session opens by its token pairs alone.
  ADD COLUMN jkt bytea CHECK (length(jkt) = 32);
CREATE UNIQUE INDEX session_by_id ON session (account_id, session_id);
GRANT UPDATE (session_hash, stepped_up_at) ON session TO tsunagu_app;

-- Changed in the name of the account alone, and only ever into what protects it more.
ALTER TABLE account ADD COLUMN frozen_until timestamptz;
GRANT UPDATE (frozen_until) ON account TO tsunagu_app;
CREATE FUNCTION app.never_undone() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'account' THEN
    IF OLD.frozen_until > now()
       AND (NEW.frozen_until IS NULL OR NEW.frozen_until < OLD.frozen_until) THEN
      RAISE EXCEPTION 'a freeze is never shortened' USING ERRCODE = '42501';
    END IF;
  ELSIF TG_TABLE_NAME = 'session' THEN
    IF OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
      RAISE EXCEPTION 'an ended session stays ended' USING ERRCODE = '42501';
    END IF;
  ELSIF TG_TABLE_NAME IN ('recovery_code', 'counter_recovery') THEN
    IF OLD.used_at IS NOT NULL AND NEW.used_at IS DISTINCT FROM OLD.used_at THEN
      RAISE EXCEPTION 'a code serves once' USING ERRCODE = '42501';
    END IF;
  ELSIF OLD.revoked_at IS NOT NULL AND NEW.revoked_at IS DISTINCT FROM OLD.revoked_at THEN
    RAISE EXCEPTION 'a revoked passkey stays revoked' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER never_undone BEFORE UPDATE ON account
  FOR EACH ROW EXECUTE FUNCTION app.never_undone();
CREATE TRIGGER never_undone BEFORE UPDATE ON session
  FOR EACH ROW EXECUTE FUNCTION app.never_undone();
CREATE TRIGGER never_undone BEFORE UPDATE ON passkey
  FOR EACH ROW EXECUTE FUNCTION app.never_undone();
ALTER TABLE account ENABLE ALWAYS TRIGGER never_undone;
ALTER TABLE session ENABLE ALWAYS TRIGGER never_undone;
ALTER TABLE passkey ENABLE ALWAYS TRIGGER never_undone;

-- Challenges given to one account: to step up, or to make one more passkey; single use.
CREATE TABLE key_challenge (
  account_id uuid NOT NULL REFERENCES account,
  challenge bytea NOT NULL,
  purpose text NOT NULL CHECK (purpose IN ('step_up', 'new_passkey')),
  expires_at timestamptz NOT NULL,
  PRIMARY KEY (account_id, challenge)
);
ALTER TABLE key_challenge ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_account ON key_challenge USING (account_id = (SELECT app.account()));
GRANT SELECT, INSERT, DELETE ON key_challenge TO tsunagu_app;
-- It reads with the rights of whoever asks: of an account, its own.
GRANT SELECT ON app.account_holder TO tsunagu_app;

-- A printed code of at least 64 bits; only its keyed hash is here. One is live at a time.
CREATE TABLE recovery_code (
  account_id uuid NOT NULL REFERENCES account,
  code_hmac bytea NOT NULL CHECK (length(code_hmac) = 32),
  made_at timestamptz NOT NULL DEFAULT now(),
  used_at timestamptz,
  replaced_at timestamptz,
  PRIMARY KEY (account_id, code_hmac)
);
CREATE UNIQUE INDEX recovery_code_live ON recovery_code (account_id)
  WHERE used_at IS NULL AND replaced_at IS NULL;
-- Invariant: two officers, each in their own name, stand behind every code given at a counter.
CREATE TABLE counter_recovery (
  participant_id uuid NOT NULL REFERENCES participant,
  recovery_id uuid NOT NULL DEFAULT uuidv7(),
  card_end text NOT NULL CHECK (card_end ~ '^[0-9]{4}$'),
  evidence text NOT NULL CHECK (evidence ~ '^[a-z_]{1,40}$'),
  started_by uuid NOT NULL REFERENCES account,
  started_by_name text NOT NULL,
  started_at timestamptz NOT NULL DEFAULT now(),
  confirmed_by uuid REFERENCES account,
  confirmed_at timestamptz,
  code_hmac bytea CHECK (length(code_hmac) = 32),
  code_expires_at timestamptz,
  used_at timestamptz,
  PRIMARY KEY (participant_id, recovery_id),
  CHECK (confirmed_by <> started_by),
  CHECK (num_nulls(confirmed_by, confirmed_at, code_hmac, code_expires_at) IN (0, 4)),
  CHECK (used_at IS NULL OR code_hmac IS NOT NULL)
);
CREATE INDEX counter_recovery_waiting ON counter_recovery (started_at) WHERE confirmed_at IS NULL;
-- Access tokens, and refresh tokens that serve once each; all of one session are a family.
CREATE TABLE session_token (
  account_id uuid NOT NULL REFERENCES account,
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  session_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('access', 'refresh')),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (account_id, token_hash),
  FOREIGN KEY (account_id, session_id) REFERENCES session (account_id, session_id)
);
CREATE INDEX session_token_by_hash ON session_token (token_hash);
CREATE INDEX session_token_by_session ON session_token (account_id, session_id);
-- Proofs seen within their window; hashes of what apps chose, so that nothing of it is kept.
CREATE TABLE dpop_proof (
  proof_hash bytea PRIMARY KEY CHECK (length(proof_hash) = 32),
  expires_at timestamptz NOT NULL
);
CREATE INDEX dpop_proof_by_expiry ON dpop_proof (expires_at);
GRANT SELECT, INSERT, DELETE ON dpop_proof TO tsunagu_app;
-- Never alone: a password stands only with the second factor beside it, sealed under a key that is
-- not here, and the last of its steps that was used.
CREATE TABLE password (
  account_id uuid PRIMARY KEY REFERENCES account,
  hash text NOT NULL CHECK (hash LIKE '$argon2id$%'),
  totp_sealed bytea NOT NULL,
  totp_step bigint NOT NULL,
  set_at timestamptz NOT NULL DEFAULT now()
);
-- Stands between a checked code and a new passkey.
CREATE TABLE recovery_ticket (
  account_id uuid NOT NULL REFERENCES account,
  ticket_hash bytea NOT NULL CHECK (length(ticket_hash) = 32),
  code_hmac bytea NOT NULL,
  challenge bytea,
  expires_at timestamptz NOT NULL,
  finished_at timestamptz,
  PRIMARY KEY (account_id, ticket_hash)
);
CREATE INDEX recovery_ticket_by_hash ON recovery_ticket (ticket_hash);
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['recovery_code', 'recovery_ticket', 'password',
      'session_token'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_account ON %I
      USING (account_id = (SELECT app.account()))', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['recovery_code', 'counter_recovery'] LOOP
    EXECUTE format('CREATE TRIGGER never_undone BEFORE UPDATE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.never_undone()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER never_undone', v_table);
  END LOOP;
END $$;
ALTER TABLE counter_recovery ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON counter_recovery USING (participant_id = (SELECT app.subject()));
CREATE POLICY support_centre ON counter_recovery FOR SELECT
  USING ((SELECT app.kind()) = 'support');
CREATE POLICY kind_may_insert ON counter_recovery AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) = 'support' AND started_by = (SELECT app.account()));
CREATE POLICY kind_may_update ON counter_recovery AS RESTRICTIVE FOR UPDATE TO tsunagu_app
  USING ((SELECT app.kind()) IN ('support', 'participant'))
  WITH CHECK ((SELECT app.kind()) = 'participant' OR confirmed_by = (SELECT app.account()));
CREATE POLICY lookup ON counter_recovery FOR SELECT TO tsunagu_lookup USING (true);
GRANT SELECT, INSERT ON recovery_code, counter_recovery, recovery_ticket TO tsunagu_app;
GRANT SELECT, INSERT, DELETE ON password, session_token TO tsunagu_app;
GRANT UPDATE (used_at) ON session_token TO tsunagu_app;
GRANT SELECT ON session_token TO tsunagu_lookup;
GRANT UPDATE (hash, totp_sealed, totp_step, set_at) ON password TO tsunagu_app;
GRANT UPDATE (used_at, replaced_at) ON recovery_code TO tsunagu_app;
GRANT UPDATE (confirmed_by, confirmed_at, code_hmac, code_expires_at, used_at)
  ON counter_recovery TO tsunagu_app;
GRANT UPDATE (challenge, finished_at) ON recovery_ticket TO tsunagu_app;
GRANT SELECT ON recovery_code, counter_recovery, recovery_ticket TO tsunagu_lookup;
GRANT SELECT (account_id) ON password TO tsunagu_lookup;

-- The token's holder, and that it was in use: at most once a minute, so that reading stays cheap.
-- Earlier releases ask for its columns by name.
CREATE POLICY was_seen ON session FOR UPDATE TO tsunagu_lookup USING (true);
GRANT UPDATE (seen_at) ON session TO tsunagu_lookup;
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
DROP FUNCTION identity_account_of_session(bytea);
CREATE FUNCTION identity_account_of_session(p_session_hash bytea)
RETURNS TABLE (account_id uuid, kind text, participant_id uuid, professional_id uuid,
               facility_id uuid, profession text, name text, is_active boolean, session_id uuid)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT h.account_id, h.kind, h.participant_id, h.professional_id, h.facility_id,
      h.profession, h.name, h.is_active, s.session_id
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
CREATE OR REPLACE FUNCTION identity_account_of_passkey(p_credential_id bytea)
RETURNS SETOF app.account_holder
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.* FROM passkey k JOIN app.account_holder h USING (account_id)
  WHERE k.credential_id = p_credential_id AND k.revoked_at IS NULL AND h.is_active
$$;
-- As above, by a token of a pair; one that was used is told from one that never was.
CREATE FUNCTION identity_account_of_token(p_token_hash bytea, p_kind text)
RETURNS TABLE (account_id uuid, kind text, participant_id uuid, professional_id uuid,
               facility_id uuid, profession text, name text, is_active boolean, session_id uuid,
               jkt bytea, is_used boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT h.account_id, h.kind, h.participant_id, h.professional_id, h.facility_id,
      h.profession, h.name, h.is_active, s.session_id, s.jkt, t.used_at IS NOT NULL
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
-- The same look-ups whether card and code are there or not, as at enrolment.
CREATE FUNCTION identity_check_recovery(p_number text, p_code_hmac bytea)
RETURNS TABLE (account_id uuid, participant_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_nobody constant uuid := '00000000-0000-0000-0000-000000000000';
  v_participant uuid;
  v_account uuid;
  v_has_own boolean;
  v_has_given boolean;
BEGIN
  SELECT c.participant_id INTO v_participant FROM card c WHERE c.number = p_number AND c.is_active;
  v_participant := coalesce(v_participant, v_nobody);
  SELECT a.account_id INTO v_account FROM account a WHERE a.participant_id = v_participant;
  v_account := coalesce(v_account, v_nobody);
  v_has_own := EXISTS (SELECT FROM recovery_code r WHERE r.account_id = v_account
    AND r.code_hmac = p_code_hmac AND r.used_at IS NULL AND r.replaced_at IS NULL);
  v_has_given := EXISTS (SELECT FROM counter_recovery r WHERE r.participant_id = v_participant
    AND r.code_hmac = p_code_hmac AND r.used_at IS NULL AND r.code_expires_at > now());
  IF v_account <> v_nobody AND (v_has_own OR v_has_given) THEN
    RETURN QUERY SELECT v_account, v_participant;
  END IF;
END $$;
CREATE FUNCTION identity_account_of_card(p_number text)
RETURNS SETOF app.account_holder
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.* FROM card c JOIN app.account_holder h USING (participant_id)
  WHERE c.number = p_number AND c.is_active AND h.is_active
$$;
CREATE FUNCTION identity_account_of_recovery(p_ticket_hash bytea)
RETURNS SETOF app.account_holder
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.* FROM recovery_ticket t JOIN app.account_holder h USING (account_id)
  WHERE t.ticket_hash = p_ticket_hash AND t.finished_at IS NULL AND t.expires_at > now()
$$;
-- An account has a key while it ever had a passkey, is known by a card, or has a password: a name's
-- likeness or a paper of before opens none of them.
CREATE FUNCTION identity_has_key(p_account_id uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM passkey k WHERE k.account_id = p_account_id)
    OR EXISTS (SELECT FROM national_identity n WHERE n.account_id = p_account_id)
    OR EXISTS (SELECT FROM password w WHERE w.account_id = p_account_id)
$$;
CREATE OR REPLACE FUNCTION identity_participants_named(p_name text, p_birth_on date, p_sex text)
RETURNS TABLE (participant_id uuid, is_enrolled boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT p.participant_id, EXISTS (SELECT FROM account a
    WHERE a.participant_id = p.participant_id AND identity_has_key(a.account_id))
  FROM participant p
  WHERE p.birth_on = p_birth_on AND app.name_key(p.name) = app.name_key(p_name)
    AND (p.sex NOT IN ('female', 'male') OR p_sex NOT IN ('female', 'male') OR p.sex = p_sex)
  ORDER BY p.participant_id LIMIT 20
$$;
CREATE OR REPLACE FUNCTION identity_ticket_participant(p_ticket_hash bytea)
RETURNS TABLE (participant_id uuid, account_id uuid, has_passkey boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT t.participant_id, a.account_id, coalesce(identity_has_key(a.account_id), false)
  FROM enrolment_ticket t LEFT JOIN account a USING (participant_id)
  WHERE t.ticket_hash = p_ticket_hash
$$;
REVOKE EXECUTE ON FUNCTION identity_has_key(uuid), identity_account_of_session(bytea),
  identity_check_recovery(text, bytea), identity_account_of_recovery(bytea),
  identity_account_of_card(text), identity_account_of_token(bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_account_of_session(bytea),
  identity_check_recovery(text, bytea), identity_account_of_recovery(bytea),
  identity_account_of_card(text), identity_account_of_token(bytea, text) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "keys and sessions of people", SQL)
