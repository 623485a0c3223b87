"""A notice reaches who it concerns as they chose: proxies and nominees too, in their own inbox."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0048_told_to_others"

SQL = r"""
-- An officer sees to it otherwise, by telephone.
ALTER TABLE notice_delivery ADD COLUMN settled_at timestamptz;
GRANT UPDATE (settled_at) ON notice_delivery TO tsunagu_app;
DROP POLICY support_settles ON notice_delivery;
CREATE POLICY support_settles ON notice_delivery FOR UPDATE
  USING ((SELECT app.kind()) = 'support' AND state <> 'sent')
  WITH CHECK ((SELECT app.kind()) = 'support' AND (state = 'waiting'
    OR (state = 'sent' AND channel = 'letter')
    OR (state IN ('parked', 'no_address') AND settled_at IS NOT NULL)));

GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
DROP FUNCTION notifications_recipients(uuid[]);
DROP FUNCTION notifications_place(uuid[], uuid[], jsonb);
DROP FUNCTION notifications_undelivered(integer, integer);

-- Which ways there are to somebody.
CREATE FUNCTION app.notice_channels(p_participant uuid) RETURNS text[]
LANGUAGE sql STABLE SET search_path = public, pg_temp
RETURN array_remove(ARRAY[
  CASE WHEN EXISTS (SELECT FROM push_token t WHERE t.participant_id = p_participant)
    THEN 'fcm' END,
  CASE WHEN EXISTS (SELECT FROM push_subscription t WHERE t.participant_id = p_participant)
    THEN 'web_push' END,
  CASE WHEN EXISTS (SELECT FROM mail_address m WHERE m.participant_id = p_participant
    AND m.address IS NOT NULL AND m.undeliverable_at IS NULL) THEN 'mail' END,
  CASE WHEN EXISTS (SELECT FROM registration r WHERE r.participant_id = p_participant
    AND r.address <> '') THEN 'letter' END], NULL);

-- Whom what is told about these concerns, which ways there are to each, and what they chose: the
-- subject, who may read the subject's notices as a proxy, and who was named for an emergency.
-- Held to the commit, as `app.powers_in_force` has it: who ends a proxy waits, and nobody is told
-- after. `about` is the subject's name, for others alone; in safe mode there are no others.
CREATE FUNCTION notifications_recipients(p_subjects uuid[])
RETURNS TABLE (subject_id uuid, participant_id uuid, part text, about text, is_safe boolean,
  channels text[], chosen jsonb, quiet_from time, quiet_until time)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_today date := app.day_in_japan(now());
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RETURN;
  END IF;
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('proxies|' || s.id, 0))
    FROM (SELECT DISTINCT unnest(p_subjects) AS id ORDER BY 1) s;
  RETURN QUERY
    WITH wanted AS (
      SELECT DISTINCT unnest(p_subjects) AS id
    ), found AS (
      SELECT w.id AS subject, w.id AS recipient, 'subject' AS part FROM wanted w
      UNION ALL
      SELECT o.subject, o.recipient, max(o.part) -- 'proxy' before 'nominee'
      FROM (
        SELECT w.id AS subject, p.representative_id AS recipient,
          p.kind = 'emergency_nominee' AS is_nominee,
          CASE WHEN 'notices' = ANY (app.powers_in_force(a.account_id, w.id))
            THEN 'proxy' ELSE 'nominee' END AS part
        FROM wanted w
        JOIN proxy p ON p.participant_id = w.id
        JOIN account a ON a.participant_id = p.representative_id
        JOIN LATERAL (SELECT s.state, s.ends_on FROM proxy_step s
          WHERE s.participant_id = p.participant_id AND s.proxy_id = p.proxy_id
          ORDER BY s.step DESC LIMIT 1) s ON s.state = 'in_force'
        WHERE NOT app.in_safe_mode(w.id) AND v_today BETWEEN p.opens_on AND s.ends_on
      ) o
      GROUP BY o.subject, o.recipient
      HAVING bool_or(o.part = 'proxy' OR o.is_nominee)
    )
    SELECT f.subject, f.recipient,
      f.part,
      CASE WHEN f.part <> 'subject' THEN me.name END, app.in_safe_mode(f.recipient),
      app.notice_channels(f.recipient),
      (SELECT jsonb_agg(jsonb_build_array(n.kind, n.channel, n.is_on)) FROM notice_preference n
        WHERE n.participant_id = f.recipient),
      CASE WHEN coalesce(m.is_quiet, true) THEN coalesce(m.quiet_from, '21:00') END,
      CASE WHEN coalesce(m.is_quiet, true) THEN coalesce(m.quiet_until, '07:00') END
    FROM found f
    JOIN participant me ON me.participant_id = f.subject
    LEFT JOIN notice_manner m ON m.participant_id = f.recipient
    ORDER BY f.subject, f.part = 'subject' DESC, f.recipient;
END $$;

-- The inbox copies, of the subject and of others, and what is still to go out. Done twice, it makes
-- nothing twice.
CREATE FUNCTION notifications_place(
  p_participants uuid[], p_notices uuid[], p_deliveries jsonb, p_copies jsonb)
RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_placed integer;
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RETURN 0;
  END IF;
  WITH gone AS (
    UPDATE outbox o SET delivered_at = now()
    FROM unnest(p_participants, p_notices) AS w (participant_id, notice_id)
    WHERE (o.participant_id, o.notice_id) = (w.participant_id, w.notice_id)
      AND o.delivered_at IS NULL
    RETURNING o.participant_id, o.notice_id, o.event, o.params, o.created_at
  ), placed AS (
    INSERT INTO inbox_notice (participant_id, notice_id, event, params, created_at)
    SELECT * FROM gone
    UNION ALL
    SELECT c.participant_id, c.notice_id, c.event, c.params, g.created_at
    FROM jsonb_to_recordset(p_copies) AS c (participant_id uuid, notice_id uuid, event text,
      params jsonb) JOIN gone g USING (notice_id)
    WHERE c.participant_id <> g.participant_id
    ON CONFLICT DO NOTHING
  )
  SELECT count(*) INTO v_placed FROM gone;
  INSERT INTO notice_delivery (participant_id, notice_id, channel, subject_id, event, state,
    not_before)
  SELECT d.participant_id, d.notice_id, d.channel, d.subject_id, d.event, d.state, d.not_before
  FROM jsonb_to_recordset(p_deliveries) AS d (participant_id uuid, notice_id uuid, channel text,
    subject_id uuid, event text, state text, not_before timestamptz)
  ON CONFLICT DO NOTHING;
  RETURN v_placed;
END $$;

-- One language for all there is, where somebody chose one.
CREATE FUNCTION app.speak_as_chosen() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  NEW.locale := coalesce((SELECT m.locale FROM notice_manner m
    WHERE m.participant_id = NEW.participant_id), NEW.locale);
  RETURN NEW;
END $$;
CREATE FUNCTION app.speak_so_from_now() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  UPDATE push_token SET locale = NEW.locale WHERE participant_id = NEW.participant_id;
  UPDATE push_subscription SET locale = NEW.locale WHERE participant_id = NEW.participant_id;
  UPDATE mail_address SET locale = NEW.locale WHERE participant_id = NEW.participant_id;
  RETURN NULL;
END $$;

-- For officers: what did not reach whom and was not read in the inbox either, the newest first; of
-- whom no more than the end of the card that they are known by. No address is told.
CREATE FUNCTION notifications_undelivered(p_skip integer, p_limit integer)
RETURNS TABLE (participant_id uuid, notice_id uuid, channel text, event text, state text,
  reason text, attempts integer, created_at timestamptz, card_end text, total bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF app.kind() IS DISTINCT FROM 'support' THEN
    RAISE EXCEPTION 'the support centre alone looks across participants' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
    SELECT d.participant_id, d.notice_id, d.channel, d.event, d.state, d.reason, d.attempts,
      d.created_at, (SELECT right(c.number, 4) FROM card c
        WHERE c.participant_id = d.participant_id AND c.is_active
        ORDER BY c.issued_at DESC LIMIT 1), count(*) OVER ()
    FROM notice_delivery d
    WHERE d.state IN ('parked', 'no_address') AND d.settled_at IS NULL
      AND NOT EXISTS (SELECT FROM inbox_notice i WHERE i.participant_id = d.participant_id
        AND i.notice_id = d.notice_id AND i.read_at IS NOT NULL)
    ORDER BY d.created_at DESC, d.participant_id, d.notice_id, d.channel
    OFFSET p_skip LIMIT p_limit;
END $$;

REVOKE EXECUTE ON FUNCTION app.notice_channels(uuid), app.speak_as_chosen(),
  app.speak_so_from_now(), notifications_recipients(uuid[]),
  notifications_place(uuid[], uuid[], jsonb, jsonb), notifications_undelivered(integer, integer)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.speak_as_chosen(), app.speak_so_from_now() TO tsunagu_owner;
GRANT EXECUTE ON FUNCTION notifications_recipients(uuid[]),
  notifications_place(uuid[], uuid[], jsonb, jsonb), notifications_undelivered(integer, integer)
  TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;
GRANT UPDATE (locale) ON push_token, push_subscription, mail_address TO tsunagu_lookup;

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['push_token', 'push_subscription', 'mail_address'] LOOP
    EXECUTE format('CREATE TRIGGER speaks_as_chosen BEFORE INSERT OR UPDATE OF locale ON %I
      FOR EACH ROW EXECUTE FUNCTION app.speak_as_chosen()', v_table);
  END LOOP;
END $$;
CREATE TRIGGER speaks_so_from_now AFTER INSERT OR UPDATE OF locale ON notice_manner
  FOR EACH ROW WHEN (NEW.locale IS NOT NULL) EXECUTE FUNCTION app.speak_so_from_now();
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "told to others", SQL)
