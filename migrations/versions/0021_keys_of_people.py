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
  ADD COLUMN stepped_up_at timestamptz;
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
    WHERE s.session_hash = p_session_hash AND s.ended_at IS NULL AND s.expires_at > now()
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
REVOKE EXECUTE ON FUNCTION identity_account_of_session(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_account_of_session(bytea) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "keys and sessions of people", SQL)
