"""What the directory said at each revision, so that any past decision can be made again."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0010_history"

SQL = r"""
CREATE TABLE facility_history (
  facility_id uuid NOT NULL REFERENCES facility,
  revision integer NOT NULL,
  name text NOT NULL,
  name_en text NOT NULL,
  facility_type text NOT NULL,
  region text NOT NULL,
  is_active boolean NOT NULL,
  joined_at timestamptz NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (facility_id, revision)
);
CREATE TABLE professional_history (
  professional_id uuid NOT NULL REFERENCES professional,
  revision integer NOT NULL,
  facility_id uuid NOT NULL,
  name text NOT NULL,
  profession text NOT NULL,
  is_active boolean NOT NULL,
  trained_on date,
  recorded_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (professional_id, revision)
);
INSERT INTO facility_history
  SELECT facility_id, revision, name, name_en, facility_type, region, is_active, joined_at
  FROM facility;
INSERT INTO professional_history
  SELECT professional_id, revision, facility_id, name, profession, is_active, trained_on
  FROM professional;

-- Nobody writes these tables but the triggers below: each row of the directory leaves its copy.
CREATE FUNCTION app.keep_facility() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO facility_history
    VALUES (NEW.facility_id, NEW.revision, NEW.name, NEW.name_en, NEW.facility_type, NEW.region,
      NEW.is_active, NEW.joined_at);
  RETURN NULL;
END $$;
CREATE FUNCTION app.keep_professional() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  INSERT INTO professional_history
    VALUES (NEW.professional_id, NEW.revision, NEW.facility_id, NEW.name, NEW.profession,
      NEW.is_active, NEW.trained_on);
  RETURN NULL;
END $$;
CREATE TRIGGER facility_is_kept AFTER INSERT OR UPDATE ON facility
  FOR EACH ROW EXECUTE FUNCTION app.keep_facility();
CREATE TRIGGER professional_is_kept AFTER INSERT OR UPDATE ON professional
  FOR EACH ROW EXECUTE FUNCTION app.keep_professional();
ALTER TABLE facility ENABLE ALWAYS TRIGGER facility_is_kept;
ALTER TABLE professional ENABLE ALWAYS TRIGGER professional_is_kept;

DO $$
DECLARE v_table text;
BEGIN
  FOREACH v_table IN ARRAY ARRAY['facility_history', 'professional_history'] LOOP
    EXECUTE format('CREATE TRIGGER append_only BEFORE UPDATE OR DELETE ON %I
      FOR EACH ROW EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('CREATE TRIGGER append_only_truncate BEFORE TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION app.refuse_change()', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only', v_table);
    EXECUTE format('ALTER TABLE %I ENABLE ALWAYS TRIGGER append_only_truncate', v_table);
  END LOOP;
END $$;
GRANT SELECT ON facility_history, professional_history TO tsunagu_app;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "history of the directory", SQL)
