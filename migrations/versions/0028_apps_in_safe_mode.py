"""Whether who connected an app is in safe mode."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0028_apps_in_safe_mode"

SQL = r"""
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- As before, and whether its holder is in safe mode: what the app reads names no facility then.
DROP FUNCTION identity_account_of_app_token(bytea, text);
CREATE FUNCTION identity_account_of_app_token(p_token_hash bytea, p_kind text)
RETURNS TABLE (account_id uuid, kind text, participant_id uuid, professional_id uuid,
               facility_id uuid, profession text, name text, is_active boolean,
               grant_id uuid, client_id text, scopes text[], jkt bytea, is_used boolean,
               ends_at timestamptz, app_ja text, app_en text, is_safe boolean)
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  RETURN QUERY SELECT h.account_id, h.kind, h.participant_id, h.professional_id, h.facility_id,
      h.profession, h.name, h.is_active, g.grant_id, g.client_id, g.scopes, g.jkt,
      t.used_at IS NOT NULL, g.ends_at, a.name_ja, a.name_en, app.in_safe_mode(h.participant_id)
    FROM app_token t
    JOIN app_grant g ON g.account_id = t.account_id AND g.grant_id = t.grant_id
    JOIN registered_app a ON a.client_id = g.client_id
    JOIN app.account_holder h ON h.account_id = t.account_id
    WHERE t.token_hash = p_token_hash AND t.kind = p_kind AND t.ends_at > now()
      AND g.ended_at IS NULL AND g.ends_at > now() AND a.ended_at IS NULL AND h.is_active;
  IF FOUND AND p_kind = 'access' THEN
    UPDATE app_grant g SET seen_at = now() FROM app_token t
      WHERE t.token_hash = p_token_hash AND g.account_id = t.account_id
        AND g.grant_id = t.grant_id AND g.ended_at IS NULL
        AND coalesce(g.seen_at, '-infinity') < now() - interval '1 minute';
  END IF;
END $$;
REVOKE EXECUTE ON FUNCTION identity_account_of_app_token(bytea, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity_account_of_app_token(bytea, text) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "apps in safe mode", SQL)
