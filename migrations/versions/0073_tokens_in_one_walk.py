"""A record's tokens by one walk over its body: the same ones, at a fraction of what they cost."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0073_tokens_in_one_walk"

SQL = r"""
-- As before (0036), whose query PostgreSQL began anew for every row; without their order.
CREATE OR REPLACE FUNCTION app.tokens(p_category text, p_body text) RETURNS text[]
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
  v_body constant jsonb := p_body;
  v_tokens text[] := ARRAY['category=' || p_category,
    'category=urn:tsunagu:category|' || p_category];
  v_key text;
  v_name text;
  v_held jsonb;
  v_one jsonb;
  v_code text;
BEGIN
  FOREACH v_key IN ARRAY ARRAY['code', 'vaccineCode', 'medicationCodeableConcept', 'contained',
      'type', 'class', 'category', 'identifier', 'status', 'lifecycleStatus', 'clinicalStatus',
      'verificationStatus'] LOOP
    v_held := v_body -> v_key;
    CONTINUE WHEN v_held IS NULL;
    v_name := CASE v_key WHEN 'lifecycleStatus' THEN 'status'
      WHEN 'clinicalStatus' THEN 'clinical-status'
      WHEN 'verificationStatus' THEN 'verification-status'
      WHEN 'vaccineCode' THEN 'code' WHEN 'medicationCodeableConcept' THEN 'code'
      WHEN 'contained' THEN 'code' ELSE v_key END;
    IF v_key = 'contained' THEN
      v_held := jsonb_path_query_array(v_held, '$[*] ? (@.resourceType == "Medication").code');
    END IF;
    v_held := jsonb_path_query_array(v_held,
      CASE WHEN v_held @? '$.coding' THEN '$.coding[*]'::jsonpath ELSE '$[*]' END);
    FOR v_at IN 0 .. jsonb_array_length(v_held) - 1 LOOP
      v_one := v_held -> v_at;
      v_code := CASE jsonb_typeof(v_one)
        WHEN 'object' THEN coalesce(v_one ->> 'code', v_one ->> 'value')
        WHEN 'string' THEN v_one #>> '{}' END;
      CONTINUE WHEN v_code IS NULL;
      v_tokens := v_tokens || (v_name || '=' || coalesce(v_one ->> 'system', '') || '|' || v_code)
        || (v_name || '=' || v_code);
    END LOOP;
  END LOOP;
  RETURN v_tokens;
END $$;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "tokens in one walk", SQL)
