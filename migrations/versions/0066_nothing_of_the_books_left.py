"""Closing an account takes with it what the books keep beside their entries."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0066_nothing_of_the_books_left"

SQL = r"""
-- As before, and what is due in the books, which samples came, and which books were offered.
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
    return sql_migration(ID, "nothing of the books left", SQL)
