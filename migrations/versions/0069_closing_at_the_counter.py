"""An account is closed at the counter too, and no letter at home opens it afterwards."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0069_closing_at_the_counter"

SQL = r"""
-- What the owner's functions below may touch, of whoever is at the counter alone.
CREATE POLICY at_the_counter ON account_closing TO tsunagu_owner
  USING (participant_id = (SELECT app.subject()) AND (SELECT app.kind()) = 'support');
CREATE POLICY at_the_counter ON account TO tsunagu_owner
  USING (participant_id = (SELECT app.subject()) AND (SELECT app.kind()) = 'support');

-- How the acting officer identified the subject, in a visit of theirs that still lasts.
CREATE FUNCTION closing_visit(p_visit uuid) RETURNS text
LANGUAGE plpgsql STABLE SET search_path = public, pg_temp AS $$
DECLARE
  v_way text;
BEGIN
  SELECT v.way INTO v_way FROM counter_visit v WHERE v.participant_id = app.subject()
    AND v.visit_id = p_visit AND v.officer = app.account() AND v.ended_at IS NULL
    AND v.opened_at > now() - interval '30 minutes';
  IF app.kind() IS DISTINCT FROM 'support' OR v_way IS NULL THEN
    RAISE EXCEPTION 'nobody is at the counter' USING ERRCODE = '42501';
  END IF;
  RETURN v_way;
END $$;

-- What of a closing an officer may know, while its participant is with them: the newest that was
-- not called off, and whether this officer may begin one.
-- Invariant: two officers, each of whom met the participant within a day, stand behind a beginning.
CREATE FUNCTION closing_at_the_counter(p_visit uuid)
RETURNS TABLE (asked_at timestamptz, ends_at timestamptz, erases_log boolean,
  carried_out_at timestamptz, is_in_person boolean, is_met_by_two boolean)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_way text := closing_visit(p_visit);
BEGIN
  RETURN QUERY SELECT c.asked_at, c.ends_at, c.erases_log, c.carried_out_at,
    v_way <> 'call_back',
    EXISTS (SELECT FROM counter_visit v WHERE v.participant_id = app.subject()
      AND v.officer <> app.account() AND v.way <> 'call_back'
      AND v.opened_at > now() - interval '1 day')
  FROM (SELECT) AS one
  LEFT JOIN account_closing c ON c.participant_id = app.subject() AND c.called_off_at IS NULL
  ORDER BY c.asked_at DESC NULLS LAST LIMIT 1;
END $$;

-- Begins it, for who has an account and for who never made one.
CREATE FUNCTION closing_begin_at_the_counter(p_visit uuid, p_erases_log boolean, p_claim bytea)
RETURNS TABLE (asked_at timestamptz, ends_at timestamptz, erases_log boolean,
  carried_out_at timestamptz)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_account uuid;
BEGIN
  IF NOT (SELECT c.is_in_person AND c.is_met_by_two AND c.asked_at IS NULL
      FROM closing_at_the_counter(p_visit) c) THEN
    RAISE EXCEPTION 'two officers who met the participant begin it' USING ERRCODE = '42501';
  END IF;
  SELECT a.account_id INTO v_account FROM account a WHERE a.participant_id = app.subject();
  IF v_account IS NULL THEN
    INSERT INTO account (kind, participant_id) VALUES ('participant', app.subject())
      RETURNING account_id INTO v_account;
  END IF;
  RETURN QUERY
    INSERT INTO account_closing AS c (participant_id, account_id, erases_log, claim_hash)
    VALUES (app.subject(), v_account, p_erases_log, p_claim)
    RETURNING c.asked_at, c.ends_at, c.erases_log, c.carried_out_at;
END $$;

-- One officer is enough to leave everything as it is, on the telephone too.
CREATE FUNCTION closing_call_off_at_the_counter(p_visit uuid) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM closing_visit(p_visit);
  UPDATE account_closing c SET called_off_at = now() WHERE c.participant_id = app.subject()
    AND c.called_off_at IS NULL AND c.carried_out_at IS NULL;
  RETURN FOUND;
END $$;
REVOKE EXECUTE ON FUNCTION closing_visit(uuid), closing_at_the_counter(uuid),
  closing_begin_at_the_counter(uuid, boolean, bytea), closing_call_off_at_the_counter(uuid)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION closing_at_the_counter(uuid),
  closing_begin_at_the_counter(uuid, boolean, bytea), closing_call_off_at_the_counter(uuid)
  TO tsunagu_app;

-- As before, and the letter with a code that nobody used: it opens nothing any more.
CREATE OR REPLACE FUNCTION account_close() RETURNS jsonb
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
  DELETE FROM own_due d WHERE d.participant_id = v_subject;
  DELETE FROM vital_sample v WHERE v.participant_id = v_subject;
  DELETE FROM child_offer o WHERE o.participant_id = v_subject;
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
  DELETE FROM enrolment_ticket t WHERE t.participant_id = v_subject;
  DELETE FROM activation_code a WHERE a.participant_id = v_subject;
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
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "closing at the counter", SQL)
