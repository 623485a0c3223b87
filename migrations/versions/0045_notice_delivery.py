"""A notice goes out on many ways: where each can be reached, and how far each has come."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0045_notice_delivery"

SQL = r"""
-- One per recipient and way. `participant_id` is who is told, `subject_id` whom it is about;
-- `reached`: the addresses that have it already; `reason` is a code, never an address.
CREATE TABLE notice_delivery (
  participant_id uuid NOT NULL REFERENCES participant,
  notice_id uuid NOT NULL,
  channel text NOT NULL CHECK (channel IN ('fcm', 'web_push', 'mail', 'letter')),
  subject_id uuid NOT NULL REFERENCES participant,
  event text NOT NULL,
  state text NOT NULL DEFAULT 'waiting'
    CHECK (state IN ('waiting', 'sent', 'parked', 'no_address')),
  attempts integer NOT NULL DEFAULT 0,
  reason text CHECK (reason ~ '^[a-z_]{1,40}( [0-9]{3})?$'),
  reached uuid[] NOT NULL DEFAULT '{}',
  created_at timestamptz NOT NULL DEFAULT now(),
  not_before timestamptz,
  sent_at timestamptz,
  PRIMARY KEY (participant_id, notice_id, channel),
  CHECK ((state = 'sent') = (sent_at IS NOT NULL))
);
CREATE INDEX notice_delivery_waiting ON notice_delivery (created_at) WHERE state = 'waiting';
CREATE INDEX notice_delivery_parked ON notice_delivery (created_at)
  WHERE state IN ('parked', 'no_address');

-- A device, as FCM knows it. `session_id`: who signs out of it hears nothing on it any more.
CREATE TABLE push_token (
  participant_id uuid NOT NULL REFERENCES participant,
  address_id uuid NOT NULL DEFAULT uuidv7(),
  account_id uuid NOT NULL,
  session_id uuid,
  token text NOT NULL CHECK (length(token) BETWEEN 1 AND 4096),
  device text NOT NULL DEFAULT '' CHECK (length(device) <= 60),
  locale text NOT NULL CHECK (locale ~ '^[a-z]{2}$'),
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, address_id)
);
CREATE INDEX push_token_by_token ON push_token USING hash (token);
CREATE INDEX push_token_by_session ON push_token (account_id, session_id);
-- A browser, as its push service knows it (RFC 8030), and the keys it reads with (RFC 8291).
CREATE TABLE push_subscription (
  participant_id uuid NOT NULL REFERENCES participant,
  address_id uuid NOT NULL DEFAULT uuidv7(),
  account_id uuid NOT NULL,
  session_id uuid,
  endpoint text NOT NULL CHECK (length(endpoint) BETWEEN 1 AND 2000),
  p256dh text NOT NULL CHECK (p256dh ~ '^[A-Za-z0-9_-]{87}$'),
  auth text NOT NULL CHECK (auth ~ '^[A-Za-z0-9_-]{22}$'),
  device text NOT NULL DEFAULT '' CHECK (length(device) <= 60),
  locale text NOT NULL CHECK (locale ~ '^[a-z]{2}$'),
  added_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, address_id)
);
CREATE INDEX push_subscription_by_endpoint ON push_subscription USING hash (endpoint);
CREATE INDEX push_subscription_by_session ON push_subscription (account_id, session_id);
-- One address of one's own. Nothing but the code goes to one that is not confirmed; `wanted` waits
-- for it while `address` goes on. `nonce`: what the code is made of, together with a key that is
-- not here.
CREATE TABLE mail_address (
  participant_id uuid PRIMARY KEY REFERENCES participant,
  address text CHECK (length(address) BETWEEN 3 AND 254),
  confirmed_at timestamptz,
  undeliverable_at timestamptz,
  wanted text CHECK (length(wanted) BETWEEN 3 AND 254),
  nonce uuid,
  code_until timestamptz,
  tries smallint NOT NULL DEFAULT 0,
  codes_on date,
  codes smallint NOT NULL DEFAULT 0,
  locale text NOT NULL CHECK (locale ~ '^[a-z]{2}$'),
  CHECK ((address IS NULL) = (confirmed_at IS NULL)),
  CHECK ((wanted IS NULL) = (nonce IS NULL) AND (wanted IS NULL) = (code_until IS NULL))
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['push_token', 'push_subscription', 'mail_address'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    -- Where somebody is reached is theirs alone: no proxy, no officer.
    EXECUTE format('CREATE POLICY of_the_participant ON %I USING (participant_id =
      (SELECT app.subject()) AND (SELECT app.kind()) = ''participant''
      AND NOT (SELECT app.is_proxy()))', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('GRANT SELECT, INSERT, DELETE ON %I TO tsunagu_app', v_table);
    EXECUTE format('GRANT SELECT, DELETE ON %I TO tsunagu_lookup', v_table);
  END LOOP;
END $$;
GRANT UPDATE (session_id, device, locale) ON push_token TO tsunagu_app;
GRANT UPDATE (session_id, p256dh, auth, device, locale) ON push_subscription TO tsunagu_app;
GRANT UPDATE (address, confirmed_at, undeliverable_at, wanted, nonce, code_until, tries, codes_on,
  codes, locale) ON mail_address TO tsunagu_app;
GRANT UPDATE (undeliverable_at) ON mail_address TO tsunagu_lookup;

ALTER TABLE notice_delivery ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_recipient ON notice_delivery FOR SELECT
  USING (participant_id = (SELECT app.subject()));
CREATE POLICY support_centre ON notice_delivery FOR SELECT
  USING ((SELECT app.kind()) = 'support');
-- An officer says that a letter was posted, or that what is parked is to be tried again.
CREATE POLICY support_settles ON notice_delivery FOR UPDATE
  USING ((SELECT app.kind()) = 'support' AND state <> 'sent')
  WITH CHECK ((SELECT app.kind()) = 'support'
    AND (state = 'waiting' OR (state = 'sent' AND channel = 'letter')));
CREATE POLICY lookup ON notice_delivery TO tsunagu_lookup USING (true);
GRANT SELECT, UPDATE (state, attempts, reason, sent_at) ON notice_delivery TO tsunagu_app;
GRANT SELECT, INSERT, UPDATE (state, attempts, reason, reached, not_before, sent_at)
  ON notice_delivery TO tsunagu_lookup;
CREATE POLICY lookup_reads ON inbox_notice FOR SELECT TO tsunagu_lookup USING (true);
GRANT SELECT ON registration, inbox_notice TO tsunagu_lookup;

GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;

-- Whatever is put into the outbox, by whomever, has its job from the same commit on.
CREATE FUNCTION app.queue_notices() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO jobs.pgqueuer (priority, entrypoint, status, payload, dedupe_key, execute_after)
  SELECT CASE WHEN f.event LIKE 'emergency\_%' THEN 10 ELSE 0 END, 'notice', 'queued',
    convert_to(k.key, 'UTF8'), 'notice/' || k.key, greatest(now(), f.not_before)
  FROM fresh f CROSS JOIN LATERAL
    (SELECT f.participant_id::text || '/' || f.notice_id::text AS key) k
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE FUNCTION app.queue_deliveries() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO jobs.pgqueuer (priority, entrypoint, status, payload, dedupe_key, execute_after)
  SELECT CASE WHEN f.event LIKE 'emergency\_%' THEN 10 ELSE 0 END, 'deliver_' || f.channel,
    'queued',
    convert_to(k.key, 'UTF8'), 'deliver/' || k.key, greatest(now(), f.not_before)
  FROM fresh f CROSS JOIN LATERAL
    (SELECT f.participant_id::text || '/' || f.notice_id::text || '/' || f.channel AS key) k
  WHERE f.state = 'waiting' AND f.channel <> 'letter'
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE FUNCTION app.queue_delivery() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  v_key text := NEW.participant_id::text || '/' || NEW.notice_id::text || '/' || NEW.channel;
BEGIN
  INSERT INTO jobs.pgqueuer (priority, entrypoint, status, payload, dedupe_key)
  VALUES (0, 'deliver_' || NEW.channel, 'queued', convert_to(v_key, 'UTF8'),
    'deliver/' || v_key)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;
CREATE FUNCTION app.queue_code() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  INSERT INTO jobs.pgqueuer (priority, entrypoint, status, payload, dedupe_key)
  VALUES (5, 'mail_code', 'queued', convert_to(NEW.participant_id::text, 'UTF8'),
    'mail_code/' || NEW.nonce::text)
  ON CONFLICT DO NOTHING;
  RETURN NULL;
END $$;

-- For the service's own work alone, all below. What is due of these, or of all, under lock.
CREATE FUNCTION notifications_due(p_participants uuid[], p_notices uuid[], p_limit integer)
RETURNS TABLE (participant_id uuid, notice_id uuid, event text)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RETURN;
  END IF;
  IF p_notices IS NULL THEN
    RETURN QUERY SELECT o.participant_id, o.notice_id, o.event FROM outbox o
      WHERE o.delivered_at IS NULL
      ORDER BY o.created_at LIMIT p_limit FOR UPDATE SKIP LOCKED;
  ELSE
    RETURN QUERY SELECT o.participant_id, o.notice_id, o.event FROM outbox o
      JOIN unnest(p_participants, p_notices) AS w (participant_id, notice_id)
        USING (participant_id, notice_id)
      WHERE o.delivered_at IS NULL
      ORDER BY o.participant_id, o.notice_id FOR UPDATE OF o;
  END IF;
END $$;

-- Who is told what is about these, and which ways there are to each of them.
CREATE FUNCTION notifications_recipients(p_subjects uuid[])
RETURNS TABLE (subject_id uuid, participant_id uuid, part text, channels text[])
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.id, s.id, 'subject', array_remove(ARRAY[
    CASE WHEN EXISTS (SELECT FROM push_token t WHERE t.participant_id = s.id) THEN 'fcm' END,
    CASE WHEN EXISTS (SELECT FROM push_subscription t WHERE t.participant_id = s.id)
      THEN 'web_push' END,
    CASE WHEN EXISTS (SELECT FROM mail_address m WHERE m.participant_id = s.id
      AND m.address IS NOT NULL AND m.undeliverable_at IS NULL) THEN 'mail' END,
    CASE WHEN EXISTS (SELECT FROM registration r WHERE r.participant_id = s.id
      AND r.address <> '') THEN 'letter' END], NULL)
  FROM (SELECT DISTINCT unnest(p_subjects) AS id) s
  WHERE app.kind() = 'operator'
$$;

-- The inbox copies, and what is still to go out. Done twice, it makes nothing twice.
CREATE FUNCTION notifications_place(p_participants uuid[], p_notices uuid[], p_deliveries jsonb)
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
    SELECT * FROM gone ON CONFLICT DO NOTHING
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

-- One attempt at each of these begins, and is counted before it is made: what kills its worker is
-- parked in the end too.
CREATE FUNCTION notifications_attempt(
  p_participants uuid[], p_notices uuid[], p_channels text[], p_limit integer)
RETURNS TABLE (participant_id uuid, notice_id uuid, channel text, event text, attempts integer,
  reached uuid[], addresses jsonb)
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH oldest AS (
    SELECT d.participant_id, d.notice_id, d.channel FROM notice_delivery d
    WHERE p_notices IS NULL AND d.state = 'waiting' AND d.channel = ANY (p_channels)
      AND (d.not_before IS NULL OR d.not_before <= now())
    ORDER BY d.created_at LIMIT p_limit FOR UPDATE SKIP LOCKED
  ), wanted AS (
    SELECT * FROM oldest
    UNION ALL
    SELECT * FROM unnest(p_participants, p_notices, p_channels)
      AS w (participant_id, notice_id, channel) WHERE p_notices IS NOT NULL
  ), begun AS (
    UPDATE notice_delivery d SET attempts = d.attempts + 1 FROM wanted w
    WHERE (d.participant_id, d.notice_id, d.channel) = (w.participant_id, w.notice_id, w.channel)
      AND d.state = 'waiting' AND app.kind() = 'operator'
      AND (d.not_before IS NULL OR d.not_before <= now())
    RETURNING d.participant_id, d.notice_id, d.channel, d.event, d.attempts, d.reached
  )
  SELECT b.*, CASE b.channel
    WHEN 'fcm' THEN (SELECT jsonb_agg(jsonb_build_object('id', t.address_id, 'to', t.token,
        'locale', t.locale)) FROM push_token t WHERE t.participant_id = b.participant_id)
    WHEN 'web_push' THEN (SELECT jsonb_agg(jsonb_build_object('id', t.address_id,
        'to', t.endpoint, 'p256dh', t.p256dh, 'auth', t.auth, 'locale', t.locale))
      FROM push_subscription t WHERE t.participant_id = b.participant_id)
    WHEN 'mail' THEN (SELECT jsonb_agg(jsonb_build_object('id', m.participant_id,
        'to', m.address, 'locale', m.locale)) FROM mail_address m
      WHERE m.participant_id = b.participant_id AND m.address IS NOT NULL
        AND m.undeliverable_at IS NULL)
    END
  FROM begun b
$$;

-- How the attempts ended. Addresses that are no more are forgotten; a mailbox that refused is kept,
-- marked, so that its owner sees it.
CREATE FUNCTION notifications_note(p_outcomes jsonb) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RETURN;
  END IF;
  UPDATE notice_delivery d SET state = o.state, reason = o.reason, not_before = o.not_before,
    sent_at = CASE WHEN o.state = 'sent' THEN clock_timestamp() END,
    reached = ARRAY(SELECT DISTINCT a FROM unnest(d.reached || coalesce(o.reached, '{}')) a),
    attempts = CASE WHEN o.is_uncounted THEN d.attempts - 1 ELSE d.attempts END
  FROM jsonb_to_recordset(p_outcomes) AS o (participant_id uuid, notice_id uuid, channel text,
    state text, reason text, not_before timestamptz, reached uuid[], is_uncounted boolean)
  WHERE (d.participant_id, d.notice_id, d.channel) = (o.participant_id, o.notice_id, o.channel)
    AND d.state = 'waiting';
  DELETE FROM push_token t USING jsonb_to_recordset(p_outcomes) AS o (participant_id uuid,
    channel text, gone uuid[])
  WHERE o.channel = 'fcm' AND t.participant_id = o.participant_id AND t.address_id = ANY (o.gone);
  DELETE FROM push_subscription t USING jsonb_to_recordset(p_outcomes) AS o (participant_id uuid,
    channel text, gone uuid[])
  WHERE o.channel = 'web_push' AND t.participant_id = o.participant_id
    AND t.address_id = ANY (o.gone);
  UPDATE mail_address m SET undeliverable_at = now()
  FROM jsonb_to_recordset(p_outcomes) AS o (participant_id uuid, channel text, gone uuid[])
  WHERE o.channel = 'mail' AND m.participant_id = o.participant_id
    AND cardinality(o.gone) > 0 AND m.undeliverable_at IS NULL;
END $$;

-- A job that was lost is made again: whatever waits, and has none, though it is due for a minute.
CREATE FUNCTION notifications_requeue() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_made integer;
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RETURN 0;
  END IF;
  INSERT INTO jobs.pgqueuer (priority, entrypoint, status, payload, dedupe_key)
  SELECT 0, w.entrypoint, 'queued', convert_to(w.key, 'UTF8'), w.prefix || w.key
  FROM (
    SELECT 'notice', 'notice/', o.participant_id::text || '/' || o.notice_id::text FROM outbox o
      WHERE o.delivered_at IS NULL AND o.created_at < now() - interval '1 minute'
    UNION ALL
    SELECT 'deliver_' || d.channel, 'deliver/',
      d.participant_id::text || '/' || d.notice_id::text || '/' || d.channel
      FROM notice_delivery d WHERE d.state = 'waiting' AND d.channel <> 'letter'
        AND greatest(d.created_at, d.not_before) < now() - interval '1 minute'
  ) AS w (entrypoint, prefix, key)
  WHERE NOT EXISTS (SELECT FROM jobs.pgqueuer j WHERE j.dedupe_key = w.prefix || w.key
      AND j.status IN ('queued', 'picked'))
    AND w.prefix || w.key NOT IN (SELECT j.dedupe_key FROM jobs.pgqueuer j
      WHERE j.status = 'failed' AND j.dedupe_key IS NOT NULL
      GROUP BY j.dedupe_key HAVING count(*) >= 8)
  ON CONFLICT DO NOTHING;
  GET DIAGNOSTICS v_made = ROW_COUNT;
  RETURN v_made;
END $$;

CREATE FUNCTION notifications_overdue(p_seconds integer) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT app.kind() = 'operator' AND EXISTS (SELECT FROM outbox o WHERE o.delivered_at IS NULL
    AND greatest(o.created_at, o.not_before) < now() - make_interval(secs => p_seconds))
$$;

-- The code of an address that waits for it.
CREATE FUNCTION notifications_code_wanted(p_participant uuid)
RETURNS TABLE (wanted text, nonce uuid, locale text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT m.wanted, m.nonce, m.locale FROM mail_address m
  WHERE m.participant_id = p_participant AND m.code_until > now() AND app.kind() = 'operator'
$$;

-- A device is one person's: whoever adds it takes it from whom it was before.
CREATE FUNCTION app.one_holder() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_TABLE_NAME = 'push_token' THEN
    DELETE FROM push_token t
      WHERE t.token = NEW.token AND t.participant_id <> NEW.participant_id;
  ELSE
    DELETE FROM push_subscription t
      WHERE t.endpoint = NEW.endpoint AND t.participant_id <> NEW.participant_id;
  END IF;
  RETURN NULL;
END $$;
-- What was signed out of is told nothing more.
CREATE FUNCTION app.silence_session() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  DELETE FROM push_token t
    WHERE t.account_id = NEW.account_id AND t.session_id = NEW.session_id;
  DELETE FROM push_subscription t
    WHERE t.account_id = NEW.account_id AND t.session_id = NEW.session_id;
  RETURN NULL;
END $$;

REVOKE EXECUTE ON FUNCTION app.queue_notices(), app.queue_deliveries(), app.queue_delivery(),
  app.queue_code(), app.one_holder(), app.silence_session(),
  notifications_due(uuid[], uuid[], integer),
  notifications_recipients(uuid[]), notifications_place(uuid[], uuid[], jsonb),
  notifications_attempt(uuid[], uuid[], text[], integer), notifications_note(jsonb),
  notifications_requeue(), notifications_overdue(integer), notifications_code_wanted(uuid)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION app.queue_notices(), app.queue_deliveries(), app.queue_delivery(),
  app.queue_code(), app.one_holder(), app.silence_session() TO tsunagu_owner;
GRANT EXECUTE ON FUNCTION notifications_due(uuid[], uuid[], integer),
  notifications_recipients(uuid[]), notifications_place(uuid[], uuid[], jsonb),
  notifications_attempt(uuid[], uuid[], text[], integer), notifications_note(jsonb),
  notifications_requeue(), notifications_overdue(integer), notifications_code_wanted(uuid)
  TO tsunagu_app;
DROP FUNCTION notifications_deliver_inbox(integer);
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;

CREATE TRIGGER is_queued AFTER INSERT ON outbox REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app.queue_notices();
CREATE TRIGGER is_queued AFTER INSERT ON notice_delivery REFERENCING NEW TABLE AS fresh
  FOR EACH STATEMENT EXECUTE FUNCTION app.queue_deliveries();
CREATE TRIGGER is_queued_again AFTER UPDATE OF state ON notice_delivery FOR EACH ROW
  WHEN (OLD.state <> 'waiting' AND NEW.state = 'waiting' AND NEW.channel <> 'letter')
  EXECUTE FUNCTION app.queue_delivery();
CREATE TRIGGER is_queued AFTER INSERT OR UPDATE OF nonce ON mail_address
  FOR EACH ROW WHEN (NEW.nonce IS NOT NULL) EXECUTE FUNCTION app.queue_code();
CREATE TRIGGER one_holder AFTER INSERT ON push_token
  FOR EACH ROW EXECUTE FUNCTION app.one_holder();
CREATE TRIGGER one_holder AFTER INSERT ON push_subscription
  FOR EACH ROW EXECUTE FUNCTION app.one_holder();
CREATE TRIGGER is_silenced AFTER UPDATE OF ended_at ON session
  FOR EACH ROW WHEN (NEW.ended_at IS NOT NULL) EXECUTE FUNCTION app.silence_session();
ALTER TABLE outbox ENABLE ALWAYS TRIGGER is_queued;
ALTER TABLE notice_delivery ENABLE ALWAYS TRIGGER is_queued;
ALTER TABLE notice_delivery ENABLE ALWAYS TRIGGER is_queued_again;
ALTER TABLE mail_address ENABLE ALWAYS TRIGGER is_queued;
ALTER TABLE push_token ENABLE ALWAYS TRIGGER one_holder;
ALTER TABLE push_subscription ENABLE ALWAYS TRIGGER one_holder;
ALTER TABLE session ENABLE ALWAYS TRIGGER is_silenced;

-- Notices that were on their way before there was a queue.
INSERT INTO jobs.pgqueuer (priority, entrypoint, status, payload, dedupe_key, execute_after)
SELECT 0, 'notice', 'queued', convert_to(k.key, 'UTF8'), 'notice/' || k.key,
  coalesce(o.not_before, now())
FROM outbox o CROSS JOIN LATERAL
  (SELECT o.participant_id::text || '/' || o.notice_id::text AS key) k
WHERE o.delivered_at IS NULL;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "notice delivery", SQL)
