"""No key is made anew for an account that was closed."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0067_closed_accounts_seal_nothing"

SQL = r"""
-- As before (0055), but for what is still under way while its account is closed.
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
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
      SELECT f.participant_id, 'phr', 1, f.wrapped
      FROM unnest(p_participants, p_fresh) AS f(participant_id, wrapped)
      WHERE f.participant_id = v_subject AND NOT EXISTS (SELECT FROM account_closing c
        WHERE c.participant_id = v_subject AND c.account_id = app.account()
          AND c.carried_out_at IS NOT NULL)
      ON CONFLICT DO NOTHING;
  END IF;
  RETURN QUERY SELECT k.participant_id, k.wrapped, k.made_at < now()
    FROM unnest(p_participants) AS f(participant_id)
    JOIN keystore.participant_key k ON k.participant_id = f.participant_id AND k.purpose = 'phr'
    WHERE k.participant_id = v_subject OR EXISTS (SELECT FROM access_log_head h
      WHERE h.participant_id = k.participant_id AND cardinality(h.owes) > 0);
END $$;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "closed accounts seal nothing", SQL)
