"""Receipts compared day by day: what the log says a facility was answered, and what it holds."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0016_reconciliation"

SQL = r"""
-- One comparison of one day in Japan: rows the log has of the facility's systems, those it holds a
-- receipt of, those it does not, and receipts signed by us that the log does not know.
CREATE TABLE reconciliation (
  facility_id uuid NOT NULL REFERENCES facility,
  day date NOT NULL,
  run integer NOT NULL CHECK (run >= 1),
  at timestamptz NOT NULL DEFAULT clock_timestamp(),
  rows integer NOT NULL,
  matched integer NOT NULL,
  missing integer NOT NULL,
  unknown integer NOT NULL,
  PRIMARY KEY (facility_id, day, run)
);
-- An alarm: our own signature under an access that the log does not have.
CREATE TABLE unknown_receipt (
  facility_id uuid NOT NULL REFERENCES facility,
  commit bytea NOT NULL CHECK (length(commit) = 32),
  day date NOT NULL,
  receipt text NOT NULL CHECK (length(receipt) <= 200),
  noted_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (facility_id, commit)
);
-- Accesses that a facility had no receipt of; those it always confirmed leave no row.
CREATE TABLE unconfirmed_access (
  participant_id uuid NOT NULL,
  pseq bigint NOT NULL,
  facility_id uuid NOT NULL REFERENCES facility,
  missing_since timestamptz NOT NULL DEFAULT clock_timestamp(),
  confirmed_at timestamptz,
  PRIMARY KEY (participant_id, pseq)
);

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['reconciliation', 'unknown_receipt'] LOOP
    EXECUTE format('CREATE POLICY of_the_facility ON %I FOR SELECT
      USING (facility_id = (SELECT app.facility())
        AND (SELECT app.kind()) IN (''system'', ''professional''))', v_table);
    EXECUTE format('CREATE POLICY audited ON %I FOR SELECT
      USING ((SELECT app.kind()) IN (''auditor'', ''operator''))', v_table);
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
  END LOOP;
  FOREACH v_table IN ARRAY ARRAY['reconciliation', 'unknown_receipt', 'unconfirmed_access'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', v_table);
    EXECUTE format('CREATE POLICY lookup ON %I TO tsunagu_lookup USING (true)', v_table);
  END LOOP;
END $$;
CREATE POLICY of_the_subject ON unconfirmed_access FOR SELECT
  USING (participant_id = (SELECT app.subject())
    AND (SELECT app.kind()) IN ('participant', 'support'));
GRANT SELECT ON reconciliation, unknown_receipt, unconfirmed_access TO tsunagu_app;
GRANT SELECT, INSERT ON reconciliation, unknown_receipt, unconfirmed_access TO tsunagu_lookup;
GRANT UPDATE (confirmed_at) ON unconfirmed_access TO tsunagu_lookup;
GRANT SELECT ON log_entry, log_gap TO tsunagu_lookup;

-- What a facility's systems were answered on one day in Japan: these kinds of events, about
-- participants and about nobody alike. Whom they concern does not leave the functions below.
CREATE VIEW app.answered WITH (security_invoker = true) AS
  SELECT participant_id, pseq, commit, at, event, facility_id,
    (at AT TIME ZONE 'Asia/Tokyo')::date AS day
  FROM public.access_event WHERE actor_kind = 'system'
  UNION ALL
  SELECT NULL, NULL, commit, at, event, facility_id, (at AT TIME ZONE 'Asia/Tokyo')::date
  FROM public.system_event WHERE actor_kind = 'system';
GRANT SELECT ON app.answered TO tsunagu_lookup;

CREATE FUNCTION access_log_answered(p_day date, p_events text[])
RETURNS TABLE (commit bytea, at timestamptz, leaf bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'system' THEN
    RAISE EXCEPTION 'only a facility''s system asks what it was answered' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
    SELECT a.commit, a.at, l.idx FROM app.answered a
    LEFT JOIN log_entry l ON l.entry = '\x0101'::bytea || a.commit
    WHERE a.facility_id = app.facility() AND a.event = ANY (p_events)
      AND a.at >= p_day::timestamp AT TIME ZONE 'Asia/Tokyo'
      AND a.at < (p_day + 1)::timestamp AT TIME ZONE 'Asia/Tokyo'
    ORDER BY a.at;
END $$;

-- Compares one whole day. `missing`: commits without a receipt; `others`: places in `p_commits` of
-- what is not among the day's. Whose access is missing for the first time is owed an event.
CREATE FUNCTION access_log_reconcile(
  p_day date, p_events text[], p_commits bytea[], p_event text,
  OUT rows integer, OUT matched integer, OUT missing bytea[], OUT others integer[],
  OUT owed uuid[])
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
DECLARE
  v_context text[] := app.context();
  v_facility uuid := app.facility();
BEGIN
  IF v_context[2] IS DISTINCT FROM 'system' OR v_facility IS NULL THEN
    RAISE EXCEPTION 'only a facility''s system holds receipts' USING ERRCODE = '42501';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('reconcile ' || v_facility, 0));
  WITH answered AS MATERIALIZED (
    SELECT a.participant_id, a.pseq, a.commit, a.at FROM app.answered a
    WHERE a.facility_id = v_facility AND a.event = ANY (p_events)
      AND a.at >= p_day::timestamp AT TIME ZONE 'Asia/Tokyo'
      AND a.at < (p_day + 1)::timestamp AT TIME ZONE 'Asia/Tokyo'
  ), held AS MATERIALIZED (
    SELECT DISTINCT commit FROM unnest(p_commits) AS h(commit)
  ), compared AS MATERIALIZED (
    SELECT a.*, h.commit IS NOT NULL AS is_held FROM answered a LEFT JOIN held h USING (commit)
  ), confirmed AS (
    UPDATE unconfirmed_access u SET confirmed_at = clock_timestamp() FROM compared c
    WHERE u.participant_id = c.participant_id AND u.pseq = c.pseq AND c.is_held
      AND u.confirmed_at IS NULL
  ), noted AS (
    INSERT INTO unconfirmed_access (participant_id, pseq, facility_id)
    SELECT participant_id, pseq, v_facility FROM compared
    WHERE NOT is_held AND participant_id IS NOT NULL
    ON CONFLICT DO NOTHING RETURNING participant_id
  )
  SELECT count(*), count(*) FILTER (WHERE is_held),
      coalesce(array_agg(commit ORDER BY at) FILTER (WHERE NOT is_held), '{}'),
      (SELECT coalesce(array_agg(DISTINCT participant_id ORDER BY participant_id), '{}')
        FROM noted),
      (SELECT coalesce(array_agg(h.place::integer ORDER BY h.place), '{}')
        FROM unnest(p_commits) WITH ORDINALITY AS h(commit, place)
        WHERE NOT EXISTS (SELECT FROM compared c WHERE c.commit = h.commit))
    INTO rows, matched, missing, owed, others FROM compared;
  PERFORM FROM access_log_head WHERE participant_id = ANY (owed) ORDER BY participant_id
    FOR UPDATE;
  UPDATE access_log_head h SET owes = h.owes || app.owed(v_context, p_event, h.participant_id,
    clock_timestamp())
    WHERE h.participant_id = ANY (owed);
END $$;

-- The outcome of that comparison. Of the receipts given, which bear our signature, those that the
-- log does not know are kept as alarms and answered.
CREATE FUNCTION access_log_note_reconciled(
  p_day date, p_rows integer, p_matched integer, p_missing integer, p_commits bytea[],
  p_times timestamptz[], p_receipts text[])
RETURNS bytea[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_facility uuid := app.facility();
  v_unknown bytea[];
BEGIN
  IF app.kind() IS DISTINCT FROM 'system' OR v_facility IS NULL THEN
    RAISE EXCEPTION 'only a facility''s system holds receipts' USING ERRCODE = '42501';
  END IF;
  WITH alarms AS MATERIALIZED (
    SELECT u.commit, u.receipt
    FROM unnest(p_commits, p_times, p_receipts) AS u(commit, at, receipt)
    -- A leaf without its event is no answer, unless a restore lost the event and said so.
    WHERE NOT EXISTS (SELECT FROM log_entry l JOIN log_gap g ON l.idx BETWEEN g.first AND g.last
        WHERE l.entry = '\x0101'::bytea || u.commit)
      AND NOT EXISTS (SELECT FROM app.answered a WHERE a.at = u.at AND a.commit = u.commit)
  ), kept AS (
    INSERT INTO unknown_receipt (facility_id, commit, day, receipt)
    SELECT v_facility, commit, p_day, receipt FROM alarms ON CONFLICT DO NOTHING
  )
  SELECT coalesce(array_agg(commit), '{}') INTO v_unknown FROM alarms;
  INSERT INTO reconciliation (facility_id, day, run, rows, matched, missing, unknown)
    SELECT v_facility, p_day, coalesce(max(run), 0) + 1, p_rows, p_matched, p_missing,
      cardinality(v_unknown)
    FROM reconciliation WHERE facility_id = v_facility AND day = p_day;
  RETURN v_unknown;
END $$;

-- For the auditor: per facility and day, how many answers there are to compare.
CREATE FUNCTION access_log_answers_by_day(p_first date, p_events text[])
RETURNS TABLE (facility_id uuid, day date, answers bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS NULL OR app.kind() NOT IN ('auditor', 'operator') THEN
    RAISE EXCEPTION 'only an auditor counts answers' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY SELECT a.facility_id, a.day, count(*) FROM app.answered a
    WHERE a.event = ANY (p_events) AND a.facility_id IS NOT NULL
      AND a.at >= p_first::timestamp AT TIME ZONE 'Asia/Tokyo'
    GROUP BY a.facility_id, a.day;
END $$;

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
DO $$
DECLARE v_function regprocedure;
BEGIN
  FOR v_function IN SELECT oid FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname IN ('access_log_answered',
      'access_log_reconcile', 'access_log_note_reconciled', 'access_log_answers_by_day') LOOP
    EXECUTE format('ALTER FUNCTION %s OWNER TO tsunagu_lookup', v_function);
    EXECUTE 'SET LOCAL ROLE tsunagu_lookup';
    EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', v_function);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO tsunagu_app', v_function);
    EXECUTE 'SET LOCAL ROLE tsunagu_owner';
  END LOOP;
END $$;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "reconciliation of receipts", SQL)
