"""The key under which what a participant writes lies sealed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0055_own_entries"

SQL = r"""
-- The keys of what participants wrote: of the transaction's subject, and of whoever is owed an
-- event of being read. A participant's own writing makes theirs from `p_fresh` where there is none;
-- an empty `p_fresh` makes none. `is_settled`: committed before this transaction began.
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
CREATE FUNCTION keystore_phr_keys(p_participants uuid[], p_fresh bytea[])
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
      SELECT f.participant_id, 'phr', 1, f.wrapped
      FROM unnest(p_participants, p_fresh) AS f(participant_id, wrapped)
      WHERE f.participant_id = v_subject
      ON CONFLICT DO NOTHING;
  END IF;
  RETURN QUERY SELECT k.participant_id, k.wrapped, k.made_at < now()
    FROM unnest(p_participants) AS f(participant_id)
    JOIN keystore.participant_key k ON k.participant_id = f.participant_id AND k.purpose = 'phr'
    WHERE k.participant_id = v_subject OR EXISTS (SELECT FROM access_log_head h
      WHERE h.participant_id = k.participant_id AND cardinality(h.owes) > 0);
END $$;
REVOKE EXECUTE ON FUNCTION keystore_phr_keys(uuid[], bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keystore_phr_keys(uuid[], bytea[]) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "own entries", SQL)
