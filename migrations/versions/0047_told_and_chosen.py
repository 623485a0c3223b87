"""What is told from now on, and what each person chose of it: first access by a facility, devices,
ends that come near, a month in sum; by kind and channel, by night, in a language.
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0047_told_and_chosen"

SQL = r"""
-- Which facilities have seen records of whom: the first time is told. Nobody reads it but the log's
-- own functions; it says no more than the log does.
CREATE TABLE known_facility (
  participant_id uuid NOT NULL REFERENCES participant,
  facility_id uuid NOT NULL REFERENCES facility,
  first_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, facility_id)
);
-- A device as one account knows it again: a hash of the account and of a secret that the device
-- keeps, so that two accounts on one device have nothing in common.
CREATE TABLE known_device (
  account_id uuid NOT NULL REFERENCES account,
  mark bytea NOT NULL CHECK (length(mark) = 32),
  first_at timestamptz NOT NULL DEFAULT now(),
  last_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (account_id, mark)
);
-- What differs from the usual: whether a kind of notice goes by a channel. The inbox has them all.
CREATE TABLE notice_preference (
  participant_id uuid NOT NULL REFERENCES participant,
  kind text NOT NULL CHECK (kind IN ('emergency', 'security', 'access', 'settings', 'proxy',
    'reminder', 'digest', 'support')),
  channel text NOT NULL CHECK (channel IN ('push', 'mail', 'letter')),
  is_on boolean NOT NULL,
  changed_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, kind, channel)
);
-- When and in which language; times on a clock in Japan, the usual where no row is. Without a
-- language each device has its own.
CREATE TABLE notice_manner (
  participant_id uuid PRIMARY KEY REFERENCES participant,
  is_quiet boolean NOT NULL DEFAULT true,
  quiet_from time NOT NULL DEFAULT '21:00',
  quiet_until time NOT NULL DEFAULT '07:00',
  locale text CHECK (locale IN ('ja', 'en')),
  wants_digest boolean NOT NULL DEFAULT true,
  changed_at timestamptz NOT NULL DEFAULT now(),
  CHECK (quiet_from <> quiet_until)
);
-- A month in sum was sent, and what its reader said of it.
CREATE TABLE notice_digest (
  participant_id uuid NOT NULL REFERENCES participant,
  month date NOT NULL CHECK (extract(day FROM month) = 1),
  facilities integer NOT NULL CHECK (facilities >= 1),
  times integer NOT NULL CHECK (times >= 1),
  sent_at timestamptz NOT NULL DEFAULT now(),
  answer text CHECK (answer IN ('nothing', 'wrong')),
  answered_at timestamptz,
  PRIMARY KEY (participant_id, month),
  CHECK ((answer IS NULL) = (answered_at IS NULL))
);
-- An end that came near was told: of each once.
CREATE TABLE notice_reminder (
  participant_id uuid NOT NULL REFERENCES participant,
  about text NOT NULL CHECK (about IN ('grant', 'proxy', 'app')),
  of text NOT NULL CHECK (length(of) <= 40),
  ends_on date NOT NULL,
  told_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (participant_id, about, of, ends_on)
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['known_facility', 'notice_preference', 'notice_manner',
    'notice_digest', 'notice_reminder'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY of_the_subject ON %I
      USING (participant_id = (SELECT app.subject()))', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I TO tsunagu_lookup USING (true)', v_table);
    EXECUTE format('CREATE POLICY participants ON %I AS RESTRICTIVE TO tsunagu_app
      USING ((SELECT app.kind()) = ''participant'')', v_table);
  END LOOP;
END $$;
ALTER TABLE known_device ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_account ON known_device USING (account_id = (SELECT app.account()));
GRANT SELECT, INSERT, UPDATE (last_at) ON known_device TO tsunagu_app;
GRANT SELECT, INSERT, UPDATE (is_on, changed_at) ON notice_preference TO tsunagu_app;
GRANT SELECT, INSERT,
  UPDATE (is_quiet, quiet_from, quiet_until, locale, wants_digest, changed_at)
  ON notice_manner TO tsunagu_app;
GRANT SELECT, UPDATE (answer, answered_at) ON notice_digest TO tsunagu_app;
GRANT SELECT, INSERT ON known_facility, notice_digest, notice_reminder TO tsunagu_lookup;
GRANT SELECT ON notice_preference, notice_manner TO tsunagu_lookup;

-- Of an emergency somebody is told by the inbox, on paper where nothing else reaches them, and at
-- once by one way at least. What tells of a proxy's own acts, and of keys, is not for a proxy to
-- turn off.
CREATE FUNCTION app.notice_preference_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF app.is_proxy() AND NEW.kind IN ('emergency', 'proxy', 'security') THEN
    RAISE EXCEPTION 'not for a proxy to choose' USING ERRCODE = '42501';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('notices|' || NEW.participant_id, 0));
  IF NEW.kind = 'emergency' AND NOT NEW.is_on AND (NEW.channel = 'letter' OR EXISTS (
      SELECT FROM notice_preference n WHERE n.participant_id = NEW.participant_id
        AND n.kind = 'emergency' AND NOT n.is_on AND n.channel <> NEW.channel)) THEN
    RAISE EXCEPTION 'an emergency is told by one way at least' USING ERRCODE = '23514';
  END IF;
  NEW.changed_at := now();
  RETURN NEW;
END $$;
CREATE TRIGGER notice_preference_holds BEFORE INSERT OR UPDATE ON notice_preference
  FOR EACH ROW EXECUTE FUNCTION app.notice_preference_holds();
ALTER TABLE notice_preference ENABLE ALWAYS TRIGGER notice_preference_holds;

-- Whom has been read from so far is known, and not told anew.
ALTER TABLE access_event NO FORCE ROW LEVEL SECURITY;
ALTER TABLE known_facility NO FORCE ROW LEVEL SECURITY;
INSERT INTO known_facility (participant_id, facility_id, first_at)
  SELECT e.participant_id, e.facility_id, min(e.at) FROM access_event e
  JOIN participant p ON p.participant_id = e.participant_id
  WHERE e.event = 'records:record:read' AND e.outcome = 'permitted' AND e.facility_id IS NOT NULL
  GROUP BY 1, 2;
ALTER TABLE known_facility FORCE ROW LEVEL SECURITY;
ALTER TABLE access_event FORCE ROW LEVEL SECURITY;

GRANT CREATE ON SCHEMA public, app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;

-- In safe mode nothing is named; days and numbers stay. That an emergency was opened stays said.
CREATE OR REPLACE FUNCTION app.quieten() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT app.in_safe_mode(NEW.participant_id)
     OR NEW.params - '{day,version,number,until,month,times,facilities}'::text[] = '{}' THEN
    RETURN NEW;
  END IF;
  IF NEW.event = 'emergency_opened' THEN
    NEW.params := jsonb_build_object('session', NEW.params -> 'session');
  ELSE
    NEW.event := 'quiet';
    NEW.params := '{}';
  END IF;
  RETURN NEW;
END $$;

-- Each of these facilities saw records of this person for the first time: told once, and with the
-- head's lock held. Whatever was seen in an emergency is told as such.
CREATE FUNCTION app.tell_of_first_access(p_participants uuid[], p_facilities uuid[]) RETURNS void
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  WITH first AS (
    INSERT INTO known_facility (participant_id, facility_id)
    SELECT DISTINCT * FROM unnest(p_participants, p_facilities) ON CONFLICT DO NOTHING
    RETURNING participant_id, facility_id
  )
  INSERT INTO outbox (participant_id, event, params, channel)
  SELECT n.participant_id, 'first_access', jsonb_build_object('facility',
    jsonb_build_object('ja', f.name, 'en', f.name_en)), 'inbox'
  FROM first n JOIN facility f USING (facility_id);
END $$;

CREATE OR REPLACE FUNCTION access_log_append(
  p_event text, p_outcome text, p_eid uuid, p_inner bytea, p_sealed bytea, p_key_version smallint,
  OUT pseq bigint, OUT at timestamptz, OUT commit bytea)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_context text[] := app.context();
  v_participant uuid := nullif(v_context[4], '')::uuid;
  v_facility uuid;
BEGIN
  SELECT a.pseq, a.at, a.commit
    INTO access_log_append.pseq, access_log_append.at, access_log_append.commit
    FROM app.append_event(v_context, v_participant, p_event, p_outcome, p_eid,
      p_inner, p_sealed, p_key_version) a;
  IF p_event = 'records:record:read' AND p_outcome = 'permitted' AND access_log_append.pseq > 0
     AND v_context[7] NOT IN ('BTG', 'ETREAT') THEN
    v_facility := nullif(v_context[5], '')::uuid;
    IF v_facility IS NOT NULL AND NOT EXISTS (SELECT FROM known_facility k
        WHERE k.participant_id = v_participant AND k.facility_id = v_facility) THEN
      PERFORM app.tell_of_first_access(ARRAY[v_participant], ARRAY[v_facility]);
    END IF;
  END IF;
END $$;

-- Beside the read that shares its transaction: whoever saw records of somebody there for the first
-- time is told to them. What no event of this very transaction says changes nothing.
CREATE FUNCTION access_log_first_access(p_participants uuid[], p_facilities uuid[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_participants uuid[];
  v_facilities uuid[];
BEGIN
  SELECT array_agg(w.participant_id), array_agg(w.facility_id) INTO v_participants, v_facilities
  FROM unnest(p_participants, p_facilities) AS w (participant_id, facility_id)
  WHERE NOT EXISTS (SELECT FROM known_facility k
      WHERE k.participant_id = w.participant_id AND k.facility_id = w.facility_id)
    AND EXISTS (SELECT FROM access_log_head h JOIN access_event e
        ON e.participant_id = h.participant_id
        AND e.pseq BETWEEN h.last_pseq - 100 AND h.last_pseq
      WHERE h.participant_id = w.participant_id AND e.at > now() - interval '1 day'
        AND e.xid = pg_current_xact_id() AND e.facility_id = w.facility_id
        AND e.event = 'records:record:read' AND e.outcome = 'permitted'
        AND coalesce(e.purpose_of_use, '') NOT IN ('BTG', 'ETREAT'));
  IF v_participants IS NOT NULL THEN
    PERFORM app.tell_of_first_access(v_participants, v_facilities);
  END IF;
END $$;

-- Ends within seven days of what was given for longer: told once. Answers how many were told.
CREATE FUNCTION notices_remind(p_now timestamptz) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_today date := app.day_in_japan(p_now);
  v_until timestamptz := (v_today + 8)::timestamp AT TIME ZONE 'Asia/Tokyo';
  v_told integer;
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RAISE EXCEPTION 'for the service''s own work alone' USING ERRCODE = '42501';
  END IF;
  WITH ending AS (
    SELECT d.participant_id, 'grant' AS about, r ->> 'id' AS of,
      app.day_in_japan((r ->> 'valid_to')::timestamptz - interval '1 microsecond') AS ends_on,
      'grant_ends' AS event, jsonb_build_object('whom', CASE
        WHEN p.professional_id IS NOT NULL THEN jsonb_build_object('ja', p.name, 'en', p.name)
        ELSE jsonb_build_object('ja', f.name, 'en', f.name_en) END) AS params,
      d.participant_id AS reader
    FROM (SELECT DISTINCT ON (x.participant_id) x.participant_id, x.provisions FROM directive x
      ORDER BY x.participant_id, x.version DESC) d
    CROSS JOIN LATERAL jsonb_array_elements(d.provisions) r
    LEFT JOIN facility f ON f.facility_id = (r ->> 'facility_id')::uuid
    LEFT JOIN professional p ON p.professional_id = (r ->> 'professional_id')::uuid
    WHERE r ->> 'kind' = 'permit' AND r ->> 'axis' = 'recipient'
      AND coalesce(r ->> 'origin', '') <> 'desk_code'
      AND (r ->> 'valid_to')::timestamptz > p_now AND (r ->> 'valid_to')::timestamptz <= v_until
      AND coalesce((r ->> 'set_at')::timestamptz, '-infinity') < p_now - interval '7 days'
      AND (f.facility_id IS NOT NULL OR p.professional_id IS NOT NULL)
    UNION ALL
    SELECT x.participant_id, 'proxy', x.proxy_id::text, s.ends_on, side.event,
      jsonb_build_object(side.field, side.name), side.reader
    FROM proxy x
    JOIN participant me ON me.participant_id = x.participant_id
    JOIN participant you ON you.participant_id = x.representative_id
    JOIN LATERAL (SELECT t.state, t.ends_on FROM proxy_step t
      WHERE t.participant_id = x.participant_id AND t.proxy_id = x.proxy_id
      ORDER BY t.step DESC LIMIT 1) s ON s.state = 'in_force'
    CROSS JOIN LATERAL (VALUES ('proxy_ends', 'by', you.name, x.participant_id),
      ('acting_ends', 'name', me.name, x.representative_id)) side (event, field, name, reader)
    WHERE s.ends_on BETWEEN v_today AND v_today + 7 AND x.opens_on < v_today - 7
      AND NOT (side.event = 'acting_ends' AND app.in_safe_mode(x.participant_id))
    UNION ALL
    SELECT a.participant_id, 'app', g.grant_id::text, app.day_in_japan(g.ends_at), 'app_ends',
      jsonb_build_object('app', jsonb_build_object('ja', r.name_ja, 'en', r.name_en)),
      a.participant_id
    FROM app_grant g JOIN registered_app r USING (client_id) JOIN account a USING (account_id)
    WHERE g.ended_at IS NULL AND g.redeemed_at IS NOT NULL AND g.ends_at > p_now
      AND g.ends_at <= v_until AND g.allowed_at < p_now - interval '7 days'
  ), noted AS (
    INSERT INTO notice_reminder (participant_id, about, of, ends_on)
    SELECT DISTINCT e.reader, e.about, e.of, e.ends_on FROM ending e ON CONFLICT DO NOTHING
    RETURNING participant_id, about, of, ends_on
  ), told AS (
    INSERT INTO outbox (participant_id, event, params, channel)
    SELECT e.reader, e.event, e.params || jsonb_build_object('day', e.ends_on), 'inbox'
    FROM ending e JOIN noted n
      ON (n.participant_id, n.about, n.of, n.ends_on) = (e.reader, e.about, e.of, e.ends_on)
    RETURNING 1
  )
  SELECT count(*) INTO v_told FROM told;
  RETURN v_told;
END $$;

-- The month's accesses by other facilities, counted from the log's columns: whoever takes part and
-- wants it hears of a month with any, once. Answers how many were told this time.
CREATE FUNCTION notices_sum_up(p_month date, p_most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_told integer;
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RAISE EXCEPTION 'for the service''s own work alone' USING ERRCODE = '42501';
  END IF;
  WITH seen AS (
    SELECT e.participant_id, count(DISTINCT e.facility_id) AS facilities, count(*) AS times
    FROM access_event e
    WHERE e.at >= p_month::timestamp AT TIME ZONE 'Asia/Tokyo'
      AND e.at < (p_month + interval '1 month')::timestamp AT TIME ZONE 'Asia/Tokyo'
      AND e.event = 'records:record:read' AND e.outcome = 'permitted'
      AND e.facility_id IS NOT NULL
      AND NOT EXISTS (SELECT FROM notice_digest d
        WHERE d.participant_id = e.participant_id AND d.month = p_month)
      AND NOT EXISTS (SELECT FROM notice_manner m
        WHERE m.participant_id = e.participant_id AND NOT m.wants_digest)
      AND (SELECT p.state FROM participation p WHERE p.participant_id = e.participant_id
        ORDER BY p.version DESC LIMIT 1) = 'participating'
      -- What is held is not counted before it is told: such a month comes in sum later.
      AND app.emergency_held_until(e.participant_id) IS NULL
    GROUP BY e.participant_id LIMIT p_most
  ), sent AS (
    INSERT INTO notice_digest (participant_id, month, facilities, times)
    SELECT participant_id, p_month, facilities, times FROM seen ON CONFLICT DO NOTHING
    RETURNING participant_id, facilities, times
  ), told AS (
    INSERT INTO outbox (participant_id, event, params, channel)
    SELECT participant_id, 'digest', jsonb_build_object('month', to_char(p_month, 'YYYY-MM'),
      'facilities', facilities, 'times', times), 'inbox'
    FROM sent RETURNING 1
  )
  SELECT count(*) INTO v_told FROM told;
  RETURN v_told;
END $$;

REVOKE EXECUTE ON FUNCTION app.tell_of_first_access(uuid[], uuid[]),
  access_log_first_access(uuid[], uuid[]),
  notices_remind(timestamptz), notices_sum_up(date, integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION access_log_first_access(uuid[], uuid[]), notices_remind(timestamptz),
  notices_sum_up(date, integer) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public, app FROM tsunagu_lookup;
GRANT SELECT (participant_id, pseq, at, event, outcome, facility_id, purpose_of_use, xid)
  ON access_event TO tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "told and chosen", SQL)
