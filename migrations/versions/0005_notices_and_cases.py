"""The outbox, the in-app inbox, and the support centre's cases."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0005_notices_and_cases"

SQL = r"""
CREATE TABLE outbox (
  participant_id uuid NOT NULL REFERENCES participant,
  notice_id uuid NOT NULL DEFAULT uuidv7(),
  event text NOT NULL,
  params jsonb NOT NULL,
  channel text NOT NULL CHECK (channel IN ('inbox')),
  created_at timestamptz NOT NULL DEFAULT now(),
  delivered_at timestamptz,
  PRIMARY KEY (participant_id, notice_id, channel)
);
CREATE INDEX outbox_waiting ON outbox (created_at) WHERE delivered_at IS NULL;
CREATE TABLE inbox_notice (
  participant_id uuid NOT NULL REFERENCES participant,
  notice_id uuid NOT NULL,
  event text NOT NULL,
  params jsonb NOT NULL,
  created_at timestamptz NOT NULL,
  read_at timestamptz,
  PRIMARY KEY (participant_id, notice_id)
);
CREATE TABLE support_case (
  case_id uuid PRIMARY KEY DEFAULT uuidv7(),
  participant_id uuid REFERENCES participant,
  kind text NOT NULL,
  params jsonb NOT NULL,
  opened_at timestamptz NOT NULL DEFAULT now(),
  due_on date NOT NULL,
  closed_at timestamptz,
  closed_by uuid
);

ALTER TABLE outbox ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE inbox_notice ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE support_case ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON outbox USING (participant_id = (SELECT app.subject()));
CREATE POLICY of_the_subject ON inbox_notice USING (participant_id = (SELECT app.subject()));
CREATE POLICY of_the_subject ON support_case USING (participant_id = (SELECT app.subject()));
CREATE POLICY without_subject ON support_case FOR INSERT WITH CHECK (participant_id IS NULL);
CREATE POLICY support_centre ON support_case USING ((SELECT app.kind()) = 'support');
CREATE POLICY lookup ON outbox TO tsunagu_lookup USING (true);
CREATE POLICY lookup ON inbox_notice FOR INSERT TO tsunagu_lookup WITH CHECK (true);
GRANT SELECT, INSERT ON outbox TO tsunagu_app;
GRANT SELECT ON inbox_notice TO tsunagu_app;
GRANT UPDATE (read_at) ON inbox_notice TO tsunagu_app;
GRANT SELECT, INSERT ON support_case TO tsunagu_app;
GRANT UPDATE (closed_at, closed_by) ON support_case TO tsunagu_app;
GRANT SELECT, UPDATE (delivered_at) ON outbox TO tsunagu_lookup;
GRANT INSERT ON inbox_notice TO tsunagu_lookup;

CREATE FUNCTION notifications_deliver_inbox(p_limit integer) RETURNS integer
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH due AS (
    SELECT participant_id, notice_id FROM outbox
    WHERE delivered_at IS NULL AND channel = 'inbox'
    ORDER BY created_at LIMIT p_limit FOR UPDATE SKIP LOCKED
  ), sent AS (
    UPDATE outbox o SET delivered_at = now() FROM due
    WHERE (o.participant_id, o.notice_id) = (due.participant_id, due.notice_id)
      AND o.channel = 'inbox'
    RETURNING o.participant_id, o.notice_id, o.event, o.params, o.created_at
  ), placed AS (
    INSERT INTO inbox_notice (participant_id, notice_id, event, params, created_at)
    SELECT * FROM sent RETURNING 1
  )
  SELECT count(*)::integer FROM placed
$$;
ALTER FUNCTION notifications_deliver_inbox(integer) OWNER TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
REVOKE EXECUTE ON FUNCTION notifications_deliver_inbox(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notifications_deliver_inbox(integer) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "notices and cases", SQL)
