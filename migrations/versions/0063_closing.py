"""Closing an account: days to think it over, an end nobody hastens, and a certificate of it."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0063_closing"

SQL = r"""
-- One wish to close. It is carried out once it is due, in two steps: all but the log, then the log
-- where that was wished for. `destroyed` are counts; `claim_hash` is of the code that opens the
-- certificate.
CREATE TABLE account_closing (
  participant_id uuid NOT NULL REFERENCES participant,
  closing_id uuid NOT NULL DEFAULT uuidv7(),
  account_id uuid NOT NULL DEFAULT app.account(),
  asked_at timestamptz NOT NULL DEFAULT now(),
  ends_at timestamptz NOT NULL DEFAULT now() + interval '14 days',
  erases_log boolean NOT NULL,
  claim_hash bytea NOT NULL CHECK (length(claim_hash) = 32),
  reminded_at timestamptz,
  called_off_at timestamptz,
  carried_out_at timestamptz,
  destroyed jsonb,
  ended_at timestamptz,
  PRIMARY KEY (participant_id, closing_id),
  CHECK (ends_at >= asked_at + interval '14 days'),
  CHECK (carried_out_at >= ends_at),
  CHECK (called_off_at IS NULL OR carried_out_at IS NULL),
  CHECK ((carried_out_at IS NULL) = (destroyed IS NULL)),
  CHECK (ended_at IS NULL OR carried_out_at IS NOT NULL)
);
CREATE UNIQUE INDEX account_closing_one ON account_closing (participant_id)
  WHERE called_off_at IS NULL AND ended_at IS NULL;
CREATE INDEX account_closing_due ON account_closing (ends_at)
  WHERE called_off_at IS NULL AND ended_at IS NULL;

-- Invariant: nobody hastens it, not the participant and not an officer; nothing that was said is
-- said otherwise, and what was carried out is not called off.
CREATE FUNCTION app.closing_is_not_hastened() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.asked_at <> now() OR num_nonnulls(NEW.reminded_at, NEW.called_off_at,
        NEW.carried_out_at, NEW.ended_at) > 0 THEN
      RAISE EXCEPTION 'a closing begins now' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
  END IF;
  IF (NEW.participant_id, NEW.closing_id, NEW.account_id, NEW.asked_at, NEW.ends_at,
      NEW.erases_log, NEW.claim_hash)
     IS DISTINCT FROM (OLD.participant_id, OLD.closing_id, OLD.account_id, OLD.asked_at,
      OLD.ends_at, OLD.erases_log, OLD.claim_hash) THEN
    RAISE EXCEPTION 'a closing stays as it was asked for' USING ERRCODE = '42501';
  END IF;
  IF OLD.called_off_at IS NOT NULL OR OLD.ended_at IS NOT NULL
     OR (NEW.carried_out_at IS NOT NULL AND now() < NEW.ends_at)
     OR (OLD.carried_out_at IS NOT NULL AND NEW.carried_out_at IS DISTINCT FROM OLD.carried_out_at)
  THEN
    RAISE EXCEPTION 'not before its time, and not twice' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER closing_is_not_hastened BEFORE INSERT OR UPDATE ON account_closing
  FOR EACH ROW EXECUTE FUNCTION app.closing_is_not_hastened();
ALTER TABLE account_closing ENABLE ALWAYS TRIGGER closing_is_not_hastened;

ALTER TABLE account_closing ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON account_closing USING (participant_id = (SELECT app.subject())
  AND (SELECT app.kind()) IN ('participant', 'operator'));
-- Whoever acts for somebody neither closes their account nor learns that it will be closed.
CREATE POLICY not_for_proxies ON account_closing AS RESTRICTIVE TO tsunagu_app
  USING (NOT (SELECT app.is_proxy()));
CREATE POLICY kind_may_insert ON account_closing AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK ((SELECT app.kind()) = 'participant' AND account_id = (SELECT app.account())
    AND participant_id = (SELECT app.own_participant()));
CREATE POLICY lookup ON account_closing FOR SELECT TO tsunagu_lookup USING (true);
GRANT SELECT, INSERT ON account_closing TO tsunagu_app;
GRANT UPDATE (reminded_at, called_off_at, carried_out_at, destroyed, ended_at) ON account_closing
  TO tsunagu_app;
GRANT SELECT ON account_closing TO tsunagu_lookup;

-- Signed, and of nobody: who has the code has the certificate.
CREATE TABLE closing_certificate (
  claim_hash bytea PRIMARY KEY CHECK (length(claim_hash) = 32),
  jws text NOT NULL CHECK (length(jws) <= 20000),
  made_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE closing_certificate ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY made ON closing_certificate FOR INSERT
  WITH CHECK ((SELECT app.kind()) = 'operator');
CREATE POLICY lookup ON closing_certificate FOR SELECT TO tsunagu_lookup USING (true);
GRANT INSERT ON closing_certificate TO tsunagu_app;
GRANT SELECT ON closing_certificate TO tsunagu_lookup;

-- What the owner's function below may take away, of the subject alone.
CREATE POLICY closing ON own_export TO tsunagu_owner
  USING (participant_id = (SELECT app.subject()));
CREATE POLICY closing ON own_import TO tsunagu_owner
  USING (participant_id = (SELECT app.subject()));
CREATE POLICY closing ON notice_delivery TO tsunagu_owner
  USING (participant_id = (SELECT app.subject()));

-- Carries out what is due, in the participant's own name: destroys what is theirs alone and what
-- opens their account. What facilities wrote, settings and papers, and the log stay.
CREATE FUNCTION account_close() RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_subject uuid := app.subject();
  v_account uuid := app.account();
  v_records jsonb;
  v_versions bigint;
  v_key text;
  v_passkeys bigint;
  v_sessions bigint;
  v_addresses bigint;
  v_apps bigint;
  v_some bigint;
BEGIN
  IF app.kind() IS DISTINCT FROM 'participant' OR app.is_proxy() OR NOT EXISTS (
      SELECT FROM account_closing c WHERE c.participant_id = v_subject
        AND c.account_id = v_account AND c.called_off_at IS NULL AND c.ended_at IS NULL
        AND c.ends_at <= now()) THEN
    RAISE EXCEPTION 'nothing is due to be closed' USING ERRCODE = '42501';
  END IF;
  SELECT coalesce(jsonb_object_agg(n.category, n.count), '{}') INTO v_records FROM (
    SELECT r.category, count(*) FROM record r WHERE r.participant_id = v_subject
      AND r.source_facility_id = app.self_source() AND r.is_current GROUP BY 1) n;
  DELETE FROM record r
    WHERE r.participant_id = v_subject AND r.source_facility_id = app.self_source();
  GET DIAGNOSTICS v_versions = ROW_COUNT;
  DELETE FROM keystore.participant_key k WHERE k.participant_id = v_subject AND k.purpose = 'phr'
    RETURNING encode(sha256('\x747375'::bytea || uuid_send(k.participant_id)
      || convert_to(k.purpose, 'UTF8') || int2send(k.version)), 'hex') INTO v_key;
  DELETE FROM own_export e WHERE e.participant_id = v_subject;
  DELETE FROM own_import i WHERE i.participant_id = v_subject;
  DELETE FROM mail_address a WHERE a.participant_id = v_subject;
  GET DIAGNOSTICS v_addresses = ROW_COUNT;
  DELETE FROM push_token a WHERE a.participant_id = v_subject;
  GET DIAGNOSTICS v_some = ROW_COUNT;
  v_addresses := v_addresses + v_some;
  DELETE FROM push_subscription a WHERE a.participant_id = v_subject;
  GET DIAGNOSTICS v_some = ROW_COUNT;
  v_addresses := v_addresses + v_some;
  DELETE FROM registration r WHERE r.participant_id = v_subject;
  DELETE FROM notice_delivery n WHERE n.participant_id = v_subject;
  DELETE FROM outbox n WHERE n.participant_id = v_subject;
  DELETE FROM inbox_notice n WHERE n.participant_id = v_subject;
  DELETE FROM notice_preference n WHERE n.participant_id = v_subject;
  DELETE FROM notice_manner n WHERE n.participant_id = v_subject;
  DELETE FROM notice_digest n WHERE n.participant_id = v_subject;
  DELETE FROM notice_reminder n WHERE n.participant_id = v_subject;
  DELETE FROM known_facility n WHERE n.participant_id = v_subject;
  DELETE FROM known_device n WHERE n.account_id = v_account;
  DELETE FROM app_token n WHERE n.account_id = v_account;
  DELETE FROM app_grant n WHERE n.account_id = v_account;
  GET DIAGNOSTICS v_apps = ROW_COUNT;
  DELETE FROM key_challenge n WHERE n.account_id = v_account;
  DELETE FROM recovery_ticket n WHERE n.account_id = v_account;
  DELETE FROM recovery_code n WHERE n.account_id = v_account;
  DELETE FROM password n WHERE n.account_id = v_account;
  GET DIAGNOSTICS v_passkeys = ROW_COUNT;
  DELETE FROM national_identity n WHERE n.account_id = v_account;
  GET DIAGNOSTICS v_some = ROW_COUNT;
  v_passkeys := v_passkeys + v_some;
  DELETE FROM passkey n WHERE n.account_id = v_account;
  GET DIAGNOSTICS v_some = ROW_COUNT;
  v_passkeys := v_passkeys + v_some;
  DELETE FROM session_token n WHERE n.account_id = v_account;
  DELETE FROM session n WHERE n.account_id = v_account;
  GET DIAGNOSTICS v_sessions = ROW_COUNT;
  RETURN jsonb_build_object('records', v_records, 'versions', v_versions,
    'key', coalesce(v_key, ''), 'addresses', v_addresses, 'apps', v_apps,
    'keys', v_passkeys, 'sessions', v_sessions);
END $$;
REVOKE EXECUTE ON FUNCTION account_close() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_close() TO tsunagu_app;

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- For the service's own work alone: whose account is to be closed now, or soon and not said yet.
CREATE FUNCTION closings_due(p_soon interval, p_count integer)
RETURNS TABLE (participant_id uuid, account_id uuid, is_due boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT c.participant_id, c.account_id, c.ends_at <= now() FROM account_closing c
  WHERE app.kind() = 'operator' AND c.called_off_at IS NULL AND c.ended_at IS NULL
    AND (c.ends_at <= now() OR (c.reminded_at IS NULL AND c.ends_at <= now() + p_soon))
  ORDER BY c.ends_at LIMIT p_count
$$;
CREATE FUNCTION closing_certificate_of(p_claim_hash bytea) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT jws FROM closing_certificate WHERE claim_hash = p_claim_hash
$$;
REVOKE EXECUTE ON FUNCTION closings_due(interval, integer), closing_certificate_of(bytea)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION closings_due(interval, integer), closing_certificate_of(bytea)
  TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "closing an account", SQL)
