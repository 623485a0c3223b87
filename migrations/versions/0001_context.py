"""The signed actor context: who acts, for whom, in this transaction only."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0001_context"

SQL = r"""
CREATE SCHEMA app;
GRANT USAGE ON SCHEMA app TO tsunagu_app, tsunagu_lookup, tsunagu_sealer;
GRANT USAGE ON SCHEMA public TO tsunagu_app, tsunagu_lookup, tsunagu_sealer;
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
ALTER DEFAULT PRIVILEGES FOR ROLE tsunagu_owner REVOKE EXECUTE ON FUNCTIONS FROM PUBLIC;

CREATE TABLE app.context_key (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  inner_pad bytea NOT NULL CHECK (length(inner_pad) = 64),
  outer_pad bytea NOT NULL CHECK (length(outer_pad) = 64)
);

CREATE FUNCTION app.install_context_key(p_inner bytea, p_outer bytea) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
  INSERT INTO app.context_key (inner_pad, outer_pad) VALUES (p_inner, p_outer)
  ON CONFLICT (only_one) DO UPDATE
    SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad
$$;

-- HMAC-SHA256 (RFC 2104); the server has sha256() but no pgcrypto.
CREATE FUNCTION app.mac(p_text text) RETURNS text LANGUAGE sql STABLE
RETURN (SELECT encode(sha256(outer_pad || sha256(inner_pad || convert_to(p_text, 'UTF8'))), 'hex')
        FROM app.context_key);

CREATE FUNCTION app.transaction_nonce() RETURNS bigint LANGUAGE sql STABLE PARALLEL SAFE
RETURN (extract(epoch FROM transaction_timestamp()) * 1000000)::bigint;

-- Fields: form, kind, account, subject, facility, professional, purpose, backend pid, nonce, mac.
-- Invariant: a context is true in the backend and the transaction it was signed for, nowhere else.
CREATE FUNCTION app.context() RETURNS text[]
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
     OR v_field[1] <> 't'
     OR v_field[10] IS DISTINCT FROM app.mac(left(v_raw, -65))
     OR v_field[8] <> pg_backend_pid()::text
     OR v_field[9] <> app.transaction_nonce()::text THEN
    RAISE EXCEPTION 'the actor context was refused' USING ERRCODE = '42501';
  END IF;
  RETURN v_field;
END $$;

-- Turns a context signed for one call into the context of this transaction, and answers it.
CREATE FUNCTION app.enter_call(p_context text, p_digest bytea) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_field text[] := string_to_array(p_context, '|');
  v_text text;
BEGIN
  IF array_length(v_field, 1) IS DISTINCT FROM 10
     OR v_field[1] <> 'c'
     OR v_field[10] IS DISTINCT FROM app.mac(left(p_context, -65))
     OR v_field[8] <> pg_backend_pid()::text
     OR split_part(v_field[9], ':', 2) <> encode(p_digest, 'hex')
     OR split_part(v_field[9], ':', 1)::bigint
        < (extract(epoch FROM clock_timestamp()) * 1000000)::bigint THEN
    RAISE EXCEPTION 'the actor context was refused' USING ERRCODE = '42501';
  END IF;
  v_field[1] := 't';
  v_field[9] := app.transaction_nonce()::text;
  v_text := array_to_string(v_field[1:9], '|');
  PERFORM set_config('app.context', v_text || '|' || app.mac(v_text), true);
  RETURN v_field;
END $$;

-- Standard SQL bodies: names are bound when the function is made, so no search path can bend them.
CREATE FUNCTION app.kind() RETURNS text LANGUAGE sql STABLE
RETURN nullif((app.context())[2], '');
CREATE FUNCTION app.account() RETURNS uuid LANGUAGE sql STABLE
RETURN nullif((app.context())[3], '')::uuid;
CREATE FUNCTION app.subject() RETURNS uuid LANGUAGE sql STABLE
RETURN nullif((app.context())[4], '')::uuid;
CREATE FUNCTION app.facility() RETURNS uuid LANGUAGE sql STABLE
RETURN nullif((app.context())[5], '')::uuid;

GRANT EXECUTE ON FUNCTION app.transaction_nonce(), app.context(), app.enter_call(text, bytea),
  app.kind(), app.account(), app.subject(), app.facility()
  TO tsunagu_app, tsunagu_lookup, tsunagu_sealer;

-- Append-only tables carry this trigger, ENABLE ALWAYS: also against replication roles.
CREATE FUNCTION app.refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = '42501';
END $$;

CREATE TABLE deployment (
  only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
  kind text NOT NULL CHECK (kind IN ('production', 'demo')),
  created_at timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT, INSERT ON deployment TO tsunagu_app;
CREATE TRIGGER deployment_is_decided_once BEFORE UPDATE OR DELETE ON deployment
  FOR EACH ROW EXECUTE FUNCTION app.refuse_change();
ALTER TABLE deployment ENABLE ALWAYS TRIGGER deployment_is_decided_once;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "signed actor context", SQL)
