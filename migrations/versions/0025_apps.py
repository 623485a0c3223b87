"""Third-party apps: which there are, whom a participant connected, and the tokens of each."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0025_apps"

SQL = r"""
-- The register of apps: entered and ended by an operator alone. Without a key set an app is public
-- and proves itself by PKCE only; with one, by signed assertions too.
CREATE TABLE registered_app (
  client_id text PRIMARY KEY CHECK (client_id ~ '^[A-Za-z0-9._-]{3,64}$'),
  name_ja text NOT NULL CHECK (length(name_ja) BETWEEN 1 AND 60),
  name_en text NOT NULL CHECK (length(name_en) BETWEEN 1 AND 60),
  publisher text NOT NULL CHECK (length(publisher) BETWEEN 1 AND 100),
  redirect_uris text[] NOT NULL CHECK (cardinality(redirect_uris) BETWEEN 1 AND 10),
  jwks jsonb,
  jwks_url text CHECK (jwks_url ~ '^https://' AND length(jwks_url) <= 500),
  added_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  CHECK (num_nonnulls(jwks, jwks_url) <= 1)
);
ALTER TABLE registered_app ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY readable ON registered_app FOR SELECT USING (true);
CREATE POLICY operators_add ON registered_app FOR INSERT
  WITH CHECK ((SELECT app.kind()) = 'operator');
CREATE POLICY operators_change ON registered_app FOR UPDATE
  USING ((SELECT app.kind()) = 'operator');
GRANT SELECT, INSERT ON registered_app TO tsunagu_app;
GRANT UPDATE (ended_at) ON registered_app TO tsunagu_app;
GRANT SELECT ON registered_app TO tsunagu_lookup;

-- One connection of a participant with an app: what was allowed, the code that carries it to the
-- app, and how it stands. The code serves once, and only with the verifier of its challenge.
CREATE TABLE app_grant (
  account_id uuid NOT NULL REFERENCES account,
  grant_id uuid NOT NULL DEFAULT uuidv7(),
  client_id text NOT NULL REFERENCES registered_app,
  scopes text[] NOT NULL CHECK (cardinality(scopes) BETWEEN 1 AND 60),
  allowed_at timestamptz NOT NULL DEFAULT now(),
  ends_at timestamptz NOT NULL,
  code_hash bytea NOT NULL CHECK (length(code_hash) = 32),
  code_ends_at timestamptz NOT NULL,
  redirect_uri text NOT NULL,
  challenge text NOT NULL CHECK (challenge ~ '^[A-Za-z0-9_-]{43}$'),
  redeemed_at timestamptz,
  -- The thumbprint of the app's key (RFC 9449), where it showed one: its tokens need it from then.
  jkt bytea CHECK (length(jkt) = 32),
  seen_at timestamptz,
  ended_at timestamptz,
  ended_by text CHECK (ended_by IN ('participant', 'app', 'reuse', 'recovery')),
  PRIMARY KEY (account_id, grant_id),
  CHECK ((ended_at IS NULL) = (ended_by IS NULL)),
  CHECK (jkt IS NULL OR redeemed_at IS NOT NULL)
);
CREATE UNIQUE INDEX app_grant_by_code ON app_grant (code_hash);
CREATE TABLE app_token (
  account_id uuid NOT NULL,
  token_hash bytea NOT NULL CHECK (length(token_hash) = 32),
  grant_id uuid NOT NULL,
  kind text NOT NULL CHECK (kind IN ('access', 'refresh')),
  ends_at timestamptz NOT NULL,
  used_at timestamptz,
  PRIMARY KEY (account_id, token_hash),
  FOREIGN KEY (account_id, grant_id) REFERENCES app_grant
);
CREATE UNIQUE INDEX app_token_by_hash ON app_token (token_hash);
CREATE INDEX app_token_by_grant ON app_token (account_id, grant_id);
DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['app_grant', 'app_token'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_account ON %I
      USING (account_id = (SELECT app.account()))', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I FOR SELECT TO tsunagu_lookup USING (true)', v_table);
    -- Barred for who acts for somebody: an app reads the records of who connected it.
    EXECUTE format('CREATE POLICY not_for_proxies ON %I AS RESTRICTIVE TO tsunagu_app
      USING ((SELECT app.kind()) = ''participant'' AND NOT (SELECT app.is_proxy()))', v_table);
  END LOOP;
END $$;
GRANT SELECT, INSERT ON app_grant TO tsunagu_app;
GRANT UPDATE (redeemed_at, jkt, ended_at, ended_by) ON app_grant TO tsunagu_app;
GRANT SELECT, INSERT, DELETE ON app_token TO tsunagu_app;
GRANT UPDATE (used_at) ON app_token TO tsunagu_app;
GRANT SELECT ON app_grant, app_token TO tsunagu_lookup;
CREATE POLICY was_seen ON app_grant FOR UPDATE TO tsunagu_lookup USING (true);
GRANT UPDATE (seen_at) ON app_grant TO tsunagu_lookup;

CREATE FUNCTION app.stays_ended() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF OLD.ended_at IS NOT NULL AND NEW.ended_at IS DISTINCT FROM OLD.ended_at THEN
    RAISE EXCEPTION 'what has ended stays ended' USING ERRCODE = '42501';
  END IF;
  IF TG_TABLE_NAME = 'app_grant' THEN
    IF OLD.redeemed_at IS NOT NULL
       AND (NEW.redeemed_at, NEW.jkt) IS DISTINCT FROM (OLD.redeemed_at, OLD.jkt) THEN
      RAISE EXCEPTION 'a code serves once' USING ERRCODE = '42501';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER stays_ended BEFORE UPDATE ON registered_app
  FOR EACH ROW EXECUTE FUNCTION app.stays_ended();
CREATE TRIGGER stays_ended BEFORE UPDATE ON app_grant
  FOR EACH ROW EXECUTE FUNCTION app.stays_ended();
ALTER TABLE registered_app ENABLE ALWAYS TRIGGER stays_ended;
ALTER TABLE app_grant ENABLE ALWAYS TRIGGER stays_ended;

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Of a grant that goes on, by its code. One that was redeemed is told from one that never was:
-- whoever brings it again may hold a copy.
CREATE FUNCTION identity_account_of_app_code(p_code_hash bytea)
RETURNS TABLE (account_id uuid, kind text, participant_id uuid, professional_id uuid,
               facility_id uuid, profession text, name text, is_active boolean,
               grant_id uuid, client_id text, scopes text[], redirect_uri text, challenge text,
               is_used boolean, is_late boolean, ends_at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.account_id, h.kind, h.participant_id, h.professional_id, h.facility_id, h.profession,
    h.name, h.is_active, g.grant_id, g.client_id, g.scopes, g.redirect_uri, g.challenge,
    g.redeemed_at IS NOT NULL, g.code_ends_at <= now(), g.ends_at
  FROM app_grant g
  JOIN registered_app a USING (client_id)
  JOIN app.account_holder h USING (account_id)
  WHERE g.code_hash = p_code_hash AND g.ended_at IS NULL AND g.ends_at > now()
    AND a.ended_at IS NULL AND h.is_active
$$;
-- As above, by a token; that it was in use is noted at most once a minute.
CREATE FUNCTION identity_account_of_app_token(p_token_hash bytea, p_kind text)
RETURNS TABLE (account_id uuid, kind text, participant_id uuid, professional_id uuid,
               facility_id uuid, profession text, name text, is_active boolean,
               grant_id uuid, client_id text, scopes text[], jkt bytea, is_used boolean,
               ends_at timestamptz, app_ja text, app_en text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT h.account_id, h.kind, h.participant_id, h.professional_id, h.facility_id,
      h.profession, h.name, h.is_active, g.grant_id, g.client_id, g.scopes, g.jkt,
      t.used_at IS NOT NULL, g.ends_at, a.name_ja, a.name_en
    FROM app_token t
    JOIN app_grant g ON g.account_id = t.account_id AND g.grant_id = t.grant_id
    JOIN registered_app a ON a.client_id = g.client_id
    JOIN app.account_holder h ON h.account_id = t.account_id
    WHERE t.token_hash = p_token_hash AND t.kind = p_kind AND t.ends_at > now()
      AND g.ended_at IS NULL AND g.ends_at > now() AND a.ended_at IS NULL AND h.is_active;
  IF FOUND AND p_kind = 'access' THEN
    UPDATE app_grant g SET seen_at = now() FROM app_token t
      WHERE t.token_hash = p_token_hash AND g.account_id = t.account_id
        AND g.grant_id = t.grant_id AND g.ended_at IS NULL
        AND coalesce(g.seen_at, '-infinity') < now() - interval '1 minute';
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION identity_account_of_app_code(bytea),
  identity_account_of_app_token(bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_account_of_app_code(bytea),
  identity_account_of_app_token(bytea, text) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "apps of third parties", SQL)
