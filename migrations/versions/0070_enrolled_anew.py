"""Nothing is done for a closed account but to enrol anew, which begins with a key of its own."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0070_enrolled_anew"

SQL = r"""
-- When its participant enrolled anew: from then on the closing is the past.
ALTER TABLE account_closing ADD COLUMN returned_at timestamptz,
  ADD CHECK (returned_at IS NULL OR (ended_at IS NOT NULL AND returned_at >= ended_at));
CREATE OR REPLACE FUNCTION app.closing_is_not_hastened() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    IF NEW.asked_at <> now() OR num_nonnulls(NEW.reminded_at, NEW.called_off_at,
        NEW.carried_out_at, NEW.ended_at, NEW.returned_at) > 0 THEN
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
  -- Whoever comes back leaves what is over as it is.
  IF OLD.ended_at IS NOT NULL AND OLD.returned_at IS NULL AND NEW.returned_at = now()
     AND (NEW.reminded_at, NEW.called_off_at, NEW.carried_out_at, NEW.destroyed, NEW.ended_at)
     IS NOT DISTINCT FROM (OLD.reminded_at, OLD.called_off_at, OLD.carried_out_at, OLD.destroyed,
      OLD.ended_at) THEN
    RETURN NEW;
  END IF;
  IF OLD.called_off_at IS NOT NULL OR OLD.ended_at IS NOT NULL OR NEW.returned_at IS NOT NULL
     OR (NEW.carried_out_at IS NOT NULL AND now() < NEW.ends_at)
     OR (OLD.carried_out_at IS NOT NULL AND NEW.carried_out_at IS DISTINCT FROM OLD.carried_out_at)
  THEN
    RAISE EXCEPTION 'not before its time, and not twice' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;

GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
CREATE FUNCTION app.is_closed(p_participant uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT FROM account_closing c WHERE c.participant_id = p_participant
    AND c.carried_out_at IS NOT NULL AND c.returned_at IS NULL)
$$;
-- Of the subject: whether their account is closed; `is_ended`, and nothing of it is still to do.
CREATE FUNCTION account_closed() RETURNS TABLE (is_closed boolean, is_ended boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT count(*) > 0, coalesce(bool_and(c.ended_at IS NOT NULL), false) FROM account_closing c
  WHERE c.participant_id = app.subject() AND c.carried_out_at IS NOT NULL AND c.returned_at IS NULL
$$;
-- Invariant: nothing opens a closed account, whoever asks; its argument is the column that says
-- whose the row is.
CREATE FUNCTION app.not_of_the_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_who uuid := (to_jsonb(NEW) ->> TG_ARGV[0])::uuid;
BEGIN
  IF TG_ARGV[0] = 'account_id' THEN
    SELECT a.participant_id INTO v_who FROM account a WHERE a.account_id = v_who;
  END IF;
  IF app.is_closed(v_who) THEN
    RAISE EXCEPTION 'the account is closed' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
-- Nobody reads a notice there, and whoever comes back finds none of the time between.
CREATE FUNCTION app.no_notice_to_the_closed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.is_closed(NEW.participant_id) THEN
    RETURN NULL;
  END IF;
  RETURN NEW;
END $$;
-- As before (0067), for any who write in the subject's name. A key after a closing has a number of
-- its own: the one a certificate names stays destroyed.
CREATE OR REPLACE FUNCTION keystore_phr_keys(p_participants uuid[], p_fresh bytea[])
RETURNS TABLE (participant_id uuid, wrapped bytea, is_settled boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_subject uuid := app.subject();
BEGIN
  IF cardinality(p_fresh) > 0 THEN
    IF app.kind() IS DISTINCT FROM 'participant' THEN
      RAISE EXCEPTION 'only participants write in their own name' USING ERRCODE = '42501';
    END IF;
    INSERT INTO keystore.participant_key (participant_id, purpose, version, wrapped)
      SELECT f.participant_id, 'phr', 1 + (SELECT count(*) FROM account_closing c
        WHERE c.participant_id = v_subject AND c.returned_at IS NOT NULL), f.wrapped
      FROM unnest(p_participants, p_fresh) AS f(participant_id, wrapped)
      WHERE f.participant_id = v_subject AND NOT app.is_closed(v_subject)
      ON CONFLICT DO NOTHING;
  END IF;
  RETURN QUERY SELECT k.participant_id, k.wrapped, k.made_at < now()
    FROM unnest(p_participants) AS f(participant_id)
    JOIN keystore.participant_key k ON k.participant_id = f.participant_id AND k.purpose = 'phr'
    WHERE k.participant_id = v_subject OR EXISTS (SELECT FROM access_log_head h
      WHERE h.participant_id = k.participant_id AND cardinality(h.owes) > 0);
END $$;
-- As before (0021); a code from a counter outlives the account it was for.
CREATE OR REPLACE FUNCTION identity_check_recovery(p_number text, p_code_hmac bytea)
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
  IF v_account <> v_nobody AND (v_has_own OR v_has_given)
     AND NOT app.is_closed(v_participant) THEN
    RETURN QUERY SELECT v_account, v_participant;
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION app.is_closed(uuid), account_closed(), app.not_of_the_closed(),
  app.no_notice_to_the_closed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_closed() TO tsunagu_app;
GRANT EXECUTE ON FUNCTION app.not_of_the_closed(), app.no_notice_to_the_closed()
  TO tsunagu_owner;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;

DO $$
DECLARE
  v_one text[];
BEGIN
  FOREACH v_one SLICE 1 IN ARRAY ARRAY[
      ['activation_code', 'INSERT', 'participant_id', 'true'],
      ['counter_recovery', 'INSERT OR UPDATE', 'participant_id', 'true'],
      ['passkey', 'INSERT', 'account_id', 'true'],
      ['password', 'INSERT', 'account_id', 'true'],
      ['national_identity', 'INSERT', 'account_id', 'true'],
      ['participation', 'INSERT', 'participant_id', $w$NEW.state = 'participating'$w$],
      ['proxy', 'INSERT', 'participant_id', 'true'],
      ['proxy', 'INSERT', 'representative_id', 'true']] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE %s ON %I FOR EACH ROW WHEN (%s)
      EXECUTE FUNCTION app.not_of_the_closed(%L)', 'not_of_the_closed_' || v_one[3], v_one[2],
      v_one[1], v_one[4], v_one[3]);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER %I', v_one[1],
      'not_of_the_closed_' || v_one[3]);
  END LOOP;
END $$;
CREATE TRIGGER no_notice_to_the_closed BEFORE INSERT ON outbox
  FOR EACH ROW EXECUTE FUNCTION app.no_notice_to_the_closed();

-- Whoever left enrols anew: by a form that two officers stand behind, confirmed just now, or with
-- their own My Number card. Whether the account was closed.
CREATE FUNCTION account_open_anew() RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT (CASE app.kind()
      WHEN 'support' THEN EXISTS (SELECT FROM paper_enrolment p WHERE p.became = app.subject()
        AND p.state = 'confirmed' AND p.settled_by = app.account() AND p.settled_at = now())
      WHEN 'participant' THEN NOT app.is_proxy() AND EXISTS (SELECT FROM enrolment_ticket t
        WHERE t.participant_id = app.subject() AND t.sub IS NOT NULL
          AND t.terms_version IS NOT NULL AND t.finished_at IS NULL AND t.expires_at > now())
      ELSE false END) THEN
    RAISE EXCEPTION 'nobody enrols anew' USING ERRCODE = '42501';
  END IF;
  UPDATE account_closing c SET returned_at = now() WHERE c.participant_id = app.subject()
    AND c.carried_out_at IS NOT NULL AND c.ended_at IS NOT NULL AND c.returned_at IS NULL;
  RETURN FOUND;
END $$;
REVOKE EXECUTE ON FUNCTION account_open_anew() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION account_open_anew() TO tsunagu_app;
-- As before (0069), but for a closing whose participant came back.
CREATE OR REPLACE FUNCTION closing_at_the_counter(p_visit uuid)
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
    AND c.returned_at IS NULL
  ORDER BY c.asked_at DESC NULLS LAST LIMIT 1;
END $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "enrolled anew", SQL)
