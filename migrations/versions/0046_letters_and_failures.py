"""For officers: notices that go by letter, and those that could not be delivered."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0046_letters_and_failures"

SQL = r"""
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;

-- For the support centre alone: who waits for a letter, where they live, and what it says. Only
-- what its subject may read already stands in it.
CREATE FUNCTION notifications_letters(p_limit integer)
RETURNS TABLE (participant_id uuid, name text, address text, notices jsonb)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT d.participant_id, p.name, r.address,
    jsonb_agg(jsonb_build_array(i.notice_id, i.event, i.params, i.created_at, true)
      ORDER BY i.created_at, i.notice_id)
  FROM notice_delivery d
    JOIN participant p ON p.participant_id = d.participant_id
    JOIN registration r ON r.participant_id = d.participant_id
    JOIN inbox_notice i ON (i.participant_id, i.notice_id) = (d.subject_id, d.notice_id)
  WHERE app.kind() = 'support' AND d.channel = 'letter' AND d.state = 'waiting'
    AND (d.not_before IS NULL OR d.not_before <= now())
  GROUP BY d.participant_id, p.name, r.address
  ORDER BY min(d.created_at) LIMIT p_limit
$$;

-- For the support centre alone: what could not be delivered to whom, and what waits because a
-- setting of ours is wrong. Neither an address nor what the notice says.
CREATE FUNCTION notifications_undelivered(p_skip integer, p_limit integer)
RETURNS TABLE (participant_id uuid, name text, notice_id uuid, channel text, event text,
  state text, reason text, attempts integer, created_at timestamptz, total bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT d.participant_id, p.name, d.notice_id, d.channel, d.event, d.state, d.reason, d.attempts,
    d.created_at, count(*) OVER ()
  FROM notice_delivery d JOIN participant p ON p.participant_id = d.participant_id
  WHERE app.kind() = 'support' AND d.state IN ('parked', 'no_address')
  ORDER BY d.created_at DESC, d.notice_id OFFSET p_skip LIMIT p_limit
$$;
CREATE FUNCTION notifications_held_up() RETURNS TABLE (channel text, reason text, notices bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT d.channel, d.reason, count(*) FROM notice_delivery d
  WHERE app.kind() = 'support' AND d.state = 'waiting' AND d.reason IS NOT NULL
  GROUP BY d.channel, d.reason ORDER BY 3 DESC
$$;
REVOKE EXECUTE ON FUNCTION notifications_letters(integer),
  notifications_undelivered(integer, integer), notifications_held_up() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION notifications_letters(integer),
  notifications_undelivered(integer, integer), notifications_held_up() TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "letters and failures", SQL)
