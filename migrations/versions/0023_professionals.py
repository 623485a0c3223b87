"""Facility administrators, invitations, proofs of a profession; facility systems' keys by URL."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0023_professionals"

SQL = r"""
-- Who invites a facility's people, records their training and their leaving. No records, and no
-- participants: nothing below gives this kind a row of either.
CREATE TABLE facility_administrator (
  administrator_id uuid PRIMARY KEY DEFAULT uuidv7(),
  facility_id uuid NOT NULL REFERENCES facility,
  name text NOT NULL,
  name_kana text NOT NULL,
  is_active boolean NOT NULL DEFAULT true,
  appointed_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX facility_administrator_by_facility ON facility_administrator (facility_id);
ALTER TABLE facility_administrator ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_facility ON facility_administrator FOR SELECT
  USING (facility_id = (SELECT app.facility()) AND (SELECT app.kind()) = 'facility_admin');
CREATE POLICY operators ON facility_administrator USING ((SELECT app.kind()) = 'operator');
CREATE POLICY lookup ON facility_administrator FOR SELECT TO tsunagu_lookup USING (true);
GRANT SELECT, INSERT, UPDATE (is_active) ON facility_administrator TO tsunagu_app;
GRANT SELECT ON facility_administrator TO tsunagu_lookup;

ALTER TABLE account ADD COLUMN administrator_id uuid UNIQUE REFERENCES facility_administrator;
ALTER TABLE account DROP CONSTRAINT account_kind_check, DROP CONSTRAINT account_check;
ALTER TABLE account
  ADD CONSTRAINT account_kind_check
    CHECK (kind IN ('participant', 'professional', 'support', 'auditor', 'facility_admin')),
  ADD CONSTRAINT account_check CHECK
    (num_nonnulls(participant_id, professional_id, officer_id, administrator_id) = 1),
  ADD CONSTRAINT account_of_administrator
    CHECK ((kind = 'facility_admin') = (administrator_id IS NOT NULL));
CREATE POLICY of_ones_staff ON account FOR INSERT WITH CHECK (
  ((SELECT app.kind()) = 'facility_admin' AND kind = 'professional' AND EXISTS (
    SELECT FROM professional p WHERE p.professional_id = account.professional_id
      AND p.facility_id = (SELECT app.facility())))
  OR ((SELECT app.kind()) = 'operator' AND kind = 'facility_admin'));

CREATE POLICY of_administrators ON account FOR SELECT
  USING ((SELECT app.kind()) = 'operator' AND kind = 'facility_admin');

CREATE OR REPLACE VIEW app.account_holder WITH (security_invoker = true) AS
  SELECT a.account_id, a.kind, a.participant_id, a.professional_id,
         coalesce(p.facility_id, f.facility_id) AS facility_id, p.profession,
         coalesce(s.name, p.name, o.name, f.name) AS name,
         coalesce(p.is_active, o.is_active, f.is_active, true) AS is_active
  FROM account a
  LEFT JOIN participant s USING (participant_id)
  LEFT JOIN professional p USING (professional_id)
  LEFT JOIN officer o USING (officer_id)
  LEFT JOIN facility_administrator f USING (administrator_id);

-- A code on paper for one account, to make its first passkey with; once. Only its keyed hash.
CREATE TABLE invitation (
  account_id uuid NOT NULL REFERENCES account,
  invitation_id uuid NOT NULL DEFAULT uuidv7(),
  code_hmac bytea NOT NULL UNIQUE CHECK (length(code_hmac) = 32),
  made_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  ticket_hash bytea UNIQUE CHECK (length(ticket_hash) = 32),
  ticket_expires_at timestamptz,
  challenge bytea,
  used_at timestamptz,
  replaced_at timestamptz,
  PRIMARY KEY (account_id, invitation_id),
  CHECK ((ticket_hash IS NULL) = (ticket_expires_at IS NULL))
);
CREATE UNIQUE INDEX invitation_live ON invitation (account_id)
  WHERE used_at IS NULL AND replaced_at IS NULL;
ALTER TABLE invitation ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_account ON invitation USING (account_id = (SELECT app.account()));
CREATE POLICY lookup ON invitation TO tsunagu_lookup USING (true);
GRANT SELECT, UPDATE (ticket_hash, ticket_expires_at, challenge, used_at) ON invitation
  TO tsunagu_app;
GRANT SELECT, INSERT, UPDATE (replaced_at) ON invitation TO tsunagu_lookup;

-- That somebody is what they are called: by their HPKI certificate, or by the network's word for
-- those who have none. One is live at a time.
CREATE TABLE profession_proof (
  professional_id uuid NOT NULL REFERENCES professional,
  proof_id uuid NOT NULL DEFAULT uuidv7(),
  way text NOT NULL CHECK (way IN ('hpki', 'vouched')),
  profession text NOT NULL,
  issuer text CHECK (length(issuer) <= 500),
  fingerprint bytea CHECK (length(fingerprint) = 32),
  reason text CHECK (length(reason) BETWEEN 1 AND 200),
  vouched_by uuid REFERENCES account,
  vouched_by_name text,
  valid_until date,
  made_at timestamptz NOT NULL DEFAULT now(),
  ended_at timestamptz,
  PRIMARY KEY (professional_id, proof_id),
  CHECK (num_nonnulls(issuer, fingerprint) = CASE way WHEN 'hpki' THEN 2 ELSE 0 END),
  CHECK (num_nonnulls(reason, vouched_by, vouched_by_name, valid_until)
    = CASE way WHEN 'vouched' THEN 4 ELSE 0 END)
);
CREATE UNIQUE INDEX profession_proof_live ON profession_proof (professional_id)
  WHERE ended_at IS NULL;
ALTER TABLE profession_proof ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY ones_own ON profession_proof FOR SELECT
  USING ((SELECT app.kind()) = 'professional' AND professional_id = (SELECT app.professional()));
CREATE POLICY of_ones_staff ON profession_proof FOR SELECT
  USING ((SELECT app.kind()) = 'facility_admin' AND EXISTS (
    SELECT FROM professional p WHERE p.professional_id = profession_proof.professional_id
      AND p.facility_id = (SELECT app.facility())));
CREATE POLICY officers ON profession_proof FOR SELECT USING ((SELECT app.kind()) = 'support');
CREATE POLICY own_certificate ON profession_proof FOR INSERT WITH CHECK (
  way = 'hpki' AND (SELECT app.kind()) = 'professional'
  AND professional_id = (SELECT app.professional()));
CREATE POLICY vouching ON profession_proof FOR INSERT WITH CHECK (
  way = 'vouched' AND (SELECT app.kind()) = 'support' AND vouched_by = (SELECT app.account()));
CREATE POLICY ending ON profession_proof FOR UPDATE USING (
  (SELECT app.kind()) = 'support'
  OR ((SELECT app.kind()) = 'professional' AND professional_id = (SELECT app.professional())));
CREATE POLICY lookup ON profession_proof TO tsunagu_lookup USING (true);
GRANT SELECT, INSERT, UPDATE (ended_at) ON profession_proof TO tsunagu_app;
GRANT SELECT, UPDATE (ended_at) ON profession_proof TO tsunagu_lookup;

CREATE FUNCTION app.ended_once() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'profession_proof' THEN
    IF OLD.ended_at IS NOT NULL THEN
      RAISE EXCEPTION 'a proof that ended stays ended' USING ERRCODE = '42501';
    END IF;
  ELSIF OLD.used_at IS NOT NULL OR OLD.replaced_at IS NOT NULL THEN
    RAISE EXCEPTION 'an invitation serves once' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ended_once BEFORE UPDATE ON profession_proof
  FOR EACH ROW EXECUTE FUNCTION app.ended_once();
CREATE TRIGGER ended_once BEFORE UPDATE ON invitation
  FOR EACH ROW EXECUTE FUNCTION app.ended_once();
ALTER TABLE profession_proof ENABLE ALWAYS TRIGGER ended_once;
ALTER TABLE invitation ENABLE ALWAYS TRIGGER ended_once;

-- `vouched_until`: the last day the network's word stands; NULL where none is needed.
ALTER TABLE professional ADD COLUMN vouched_until date;
ALTER TABLE professional_history ADD COLUMN vouched_until date;
CREATE OR REPLACE FUNCTION app.keep_professional() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO professional_history (professional_id, revision, facility_id, name, profession,
      is_active, trained_on, vouched_until)
    VALUES (NEW.professional_id, NEW.revision, NEW.facility_id, NEW.name, NEW.profession,
      NEW.is_active, NEW.trained_on, NEW.vouched_until);
  RETURN NULL;
END $$;
GRANT UPDATE (vouched_until) ON professional TO tsunagu_app;
CREATE POLICY administrators_add ON professional FOR INSERT WITH CHECK (
  (SELECT app.kind()) = 'facility_admin' AND facility_id = (SELECT app.facility()));
CREATE POLICY administrators_change ON professional FOR UPDATE USING (
  (SELECT app.kind()) = 'facility_admin' AND facility_id = (SELECT app.facility()));
CREATE POLICY officers_vouch ON professional FOR UPDATE USING ((SELECT app.kind()) = 'support');
CREATE POLICY ones_own ON professional FOR UPDATE USING (
  (SELECT app.kind()) = 'professional' AND professional_id = (SELECT app.professional()));

-- Invariant: nobody is trained whose profession nobody has shown, but by the operator's word; the
-- network alone vouches, the facility alone trains and lets go.
CREATE FUNCTION app.who_changes_professional() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
  v_kind constant text := app.kind();
  v_today constant date := (now() AT TIME ZONE 'Asia/Tokyo')::date;
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF v_kind = 'facility_admin'
       AND (NEW.trained_on IS NOT NULL OR NEW.vouched_until IS NOT NULL OR NOT NEW.is_active) THEN
      RAISE EXCEPTION 'a professional begins untrained' USING ERRCODE = '42501';
    END IF;
    RETURN NEW;
  END IF;
  IF v_kind = 'facility_admin' THEN
    IF NEW.vouched_until IS DISTINCT FROM OLD.vouched_until THEN
      RAISE EXCEPTION 'the network alone vouches' USING ERRCODE = '42501';
    END IF;
    IF NEW.trained_on IS NOT NULL AND NEW.trained_on IS DISTINCT FROM OLD.trained_on
       AND NOT EXISTS (SELECT FROM profession_proof f
         WHERE f.professional_id = NEW.professional_id AND f.profession = NEW.profession
           AND f.ended_at IS NULL AND (f.valid_until IS NULL OR f.valid_until >= v_today)) THEN
      RAISE EXCEPTION 'no training before the profession is shown' USING ERRCODE = '42501';
    END IF;
  ELSIF v_kind IN ('support', 'professional') THEN
    IF NEW.is_active IS DISTINCT FROM OLD.is_active
       OR NEW.trained_on IS DISTINCT FROM OLD.trained_on THEN
      RAISE EXCEPTION 'the facility alone trains and lets go' USING ERRCODE = '42501';
    END IF;
    IF v_kind = 'support' AND NEW.vouched_until IS NULL THEN
      RAISE EXCEPTION 'a word without an end' USING ERRCODE = '42501';
    END IF;
    IF v_kind = 'professional' AND (NEW.vouched_until IS NOT NULL
       OR NOT EXISTS (SELECT FROM profession_proof f WHERE f.way = 'hpki'
         AND f.professional_id = NEW.professional_id AND f.ended_at IS NULL)) THEN
      RAISE EXCEPTION 'a certificate alone needs no word' USING ERRCODE = '42501';
    END IF;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER who_changes_professional BEFORE INSERT OR UPDATE ON professional
  FOR EACH ROW EXECUTE FUNCTION app.who_changes_professional();
ALTER TABLE professional ENABLE ALWAYS TRIGGER who_changes_professional;

ALTER TABLE key_challenge DROP CONSTRAINT key_challenge_purpose_check;
ALTER TABLE key_challenge ADD CONSTRAINT key_challenge_purpose_check
  CHECK (purpose IN ('step_up', 'new_passkey', 'profession'));

-- A system's public keys, or where it publishes them.
ALTER TABLE system_client ALTER COLUMN jwks DROP NOT NULL,
  ADD COLUMN jwks_uri text CHECK (length(jwks_uri) <= 500 AND jwks_uri ~ '^https?://[!-~]+$'),
  ADD CONSTRAINT system_client_has_keys CHECK (num_nonnulls(jwks, jwks_uri) = 1);
GRANT UPDATE (jwks, jwks_uri) ON system_client TO tsunagu_app;

CREATE POLICY shut_out ON passkey FOR UPDATE TO tsunagu_lookup USING (true);
GRANT UPDATE (revoked_at) ON passkey TO tsunagu_lookup;
GRANT UPDATE (ended_at) ON session TO tsunagu_lookup;
GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Whether the transaction's actor looks after this account: a facility administrator after their
-- own facility's professionals, an operator after administrators.
CREATE FUNCTION app.looks_after(p_account uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM app.account_holder h WHERE h.account_id = p_account AND (
    (app.kind() = 'facility_admin' AND h.kind = 'professional' AND h.facility_id = app.facility())
    OR (app.kind() = 'operator' AND h.kind = 'facility_admin')))
$$;
-- False, and nothing made, for whoever has left, has a key already, or is another's to invite.
CREATE FUNCTION identity_invite(p_account uuid, p_code_hmac bytea, p_expires_at timestamptz)
RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT app.looks_after(p_account)
     OR NOT (SELECT h.is_active FROM app.account_holder h WHERE h.account_id = p_account)
     OR EXISTS (SELECT FROM passkey k WHERE k.account_id = p_account AND k.revoked_at IS NULL) THEN
    RETURN false;
  END IF;
  UPDATE invitation SET replaced_at = now()
    WHERE account_id = p_account AND used_at IS NULL AND replaced_at IS NULL;
  INSERT INTO invitation (account_id, code_hmac, expires_at)
    VALUES (p_account, p_code_hmac, p_expires_at);
  RETURN true;
END $$;
CREATE FUNCTION identity_shut_out(p_account uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT app.looks_after(p_account) THEN
    RETURN false;
  END IF;
  UPDATE session SET ended_at = now() WHERE account_id = p_account AND ended_at IS NULL;
  UPDATE passkey SET revoked_at = now() WHERE account_id = p_account AND revoked_at IS NULL;
  UPDATE invitation SET replaced_at = now()
    WHERE account_id = p_account AND used_at IS NULL AND replaced_at IS NULL;
  UPDATE profession_proof f SET ended_at = now() FROM account a
    WHERE a.account_id = p_account AND f.professional_id = a.professional_id
      AND f.ended_at IS NULL;
  RETURN true;
END $$;
-- The accounts of the administrator's own facility: whether they have a key, or until when a code.
CREATE FUNCTION identity_staff_accounts()
RETURNS TABLE (professional_id uuid, account_id uuid, has_key boolean, invited_until timestamptz)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF app.kind() IS DISTINCT FROM 'facility_admin' THEN
    RAISE EXCEPTION 'administrators alone look after a staff' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY SELECT h.professional_id, h.account_id,
      EXISTS (SELECT FROM passkey k WHERE k.account_id = h.account_id AND k.revoked_at IS NULL),
      (SELECT i.expires_at FROM invitation i WHERE i.account_id = h.account_id
         AND i.used_at IS NULL AND i.replaced_at IS NULL)
    FROM app.account_holder h
    WHERE h.kind = 'professional' AND h.facility_id = app.facility();
END $$;
-- By its code, or by the ticket it was changed for.
CREATE FUNCTION identity_account_of_invitation(p_code_hmac bytea, p_ticket_hash bytea)
RETURNS SETOF app.account_holder
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT h.* FROM invitation i JOIN app.account_holder h USING (account_id)
  WHERE i.used_at IS NULL AND i.replaced_at IS NULL AND i.expires_at > now() AND h.is_active
    AND (i.code_hmac = p_code_hmac
      OR (i.ticket_hash = p_ticket_hash AND i.ticket_expires_at > now()))
$$;
REVOKE EXECUTE ON FUNCTION app.looks_after(uuid), identity_invite(uuid, bytea, timestamptz),
  identity_shut_out(uuid), identity_staff_accounts(),
  identity_account_of_invitation(bytea, bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_invite(uuid, bytea, timestamptz), identity_shut_out(uuid),
  identity_staff_accounts(), identity_account_of_invitation(bytea, bytea) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "professionals and systems", SQL)
