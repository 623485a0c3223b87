"""Emergency nominees: named by the participant too, with no power at all."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0053_emergency_nominee"

SQL = r"""
-- A nominee may be named by the participant as any proxy may.
DO $$
DECLARE v_name text;
BEGIN
  SELECT conname INTO STRICT v_name FROM pg_constraint
    WHERE conrelid = 'proxy'::regclass AND contype = 'c'
      AND pg_get_constraintdef(oid) LIKE '%voluntary''::text) OR (origin <> ''participant''%';
  EXECUTE format('ALTER TABLE proxy DROP CONSTRAINT %I', v_name);
END $$;
ALTER TABLE proxy ADD CONSTRAINT proxy_named_by_the_participant
  CHECK (kind IN ('voluntary', 'emergency_nominee') OR origin <> 'participant');

-- Whoever is there for an emergency alone acts for nobody: what was given before counts no more.
CREATE FUNCTION app.nominee_has_no_power() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.powers <> '{}' AND NEW.act = 'asked' AND EXISTS (SELECT FROM proxy p
      WHERE p.participant_id = NEW.participant_id AND p.proxy_id = NEW.proxy_id
        AND p.kind = 'emergency_nominee') THEN
    RAISE EXCEPTION 'a nominee acts for nobody' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER nominee_has_no_power BEFORE INSERT ON proxy_step
  FOR EACH ROW EXECUTE FUNCTION app.nominee_has_no_power();
ALTER TABLE proxy_step ENABLE ALWAYS TRIGGER nominee_has_no_power;

GRANT CREATE ON SCHEMA app TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
CREATE OR REPLACE FUNCTION app.powers_in_force(p_account uuid, p_principal uuid) RETURNS text[]
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_powers text[];
  v_today date := app.day_in_japan(now());
  v_born date;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(hashtextextended('proxies|' || p_principal, 0));
  SELECT birth_on INTO v_born FROM participant WHERE participant_id = p_principal;
  IF app.in_safe_mode(p_principal) THEN
    RETURN NULL;
  END IF;
  SELECT array_agg(DISTINCT one) INTO v_powers
  FROM account a
  JOIN proxy p ON p.representative_id = a.participant_id AND p.participant_id = p_principal
    AND p.kind <> 'emergency_nominee'
  JOIN LATERAL (SELECT s.state, s.powers, s.ends_on FROM proxy_step s
    WHERE s.participant_id = p.participant_id AND s.proxy_id = p.proxy_id
    ORDER BY s.step DESC LIMIT 1) s ON s.state = 'in_force'
  CROSS JOIN LATERAL unnest(s.powers) one
  WHERE a.account_id = p_account AND v_today BETWEEN p.opens_on AND s.ends_on
    AND (p.kind NOT IN ('parent', 'guardian_of_minor') OR v_today < app.first_day_aged(v_born, 18))
    AND (one IN ('view', 'upload') OR v_today < app.first_day_aged(v_born, 15)
      OR v_today >= app.first_day_aged(v_born, 18));
  RETURN v_powers;
END $$;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA app FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "emergency nominee", SQL)
