"""Checkups that participants bring themselves, and what facilities write without a system."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0034_checkups_and_entries"

SQL = r"""
-- What participants bring themselves has a source like everything else, which settings, lists and
-- the log can name: a place where nobody works and from which nothing is ever asked.
CREATE FUNCTION app.self_source() RETURNS uuid LANGUAGE sql IMMUTABLE PARALLEL SAFE
AS $$ SELECT '00000000-0000-7000-8000-000000000001'::uuid $$;
GRANT EXECUTE ON FUNCTION app.self_source() TO tsunagu_app, tsunagu_lookup;
CREATE POLICY self_source ON facility FOR INSERT TO tsunagu_owner WITH CHECK (true);
INSERT INTO facility
    (facility_id, id_system, code, name, name_kana, name_en, facility_type, region, is_active)
  VALUES (app.self_source(), 'urn:tsunagu:source', 'self', 'ご本人の登録', 'ゴホンニンノトウロク',
    'Added by the participant', 'self', '', false);
DROP POLICY self_source ON facility;
-- Invariant: it stays what it is. An operator's word makes no place of it.
CREATE POLICY self_source_stays ON facility AS RESTRICTIVE FOR UPDATE TO tsunagu_app
  USING (facility_id <> app.self_source());

-- Invariant: a participant's own context writes, replaces and removes what they brought
-- themselves, nothing a facility wrote; and nobody else writes in their name.
CREATE POLICY own_source_add ON record AS RESTRICTIVE FOR INSERT TO tsunagu_app
  WITH CHECK (((SELECT app.kind()) = 'participant') = (source_facility_id = app.self_source()));
CREATE POLICY own_source_change ON record AS RESTRICTIVE FOR UPDATE TO tsunagu_app
  USING (((SELECT app.kind()) = 'participant') = (source_facility_id = app.self_source()));
CREATE POLICY own_source_remove ON record AS RESTRICTIVE FOR DELETE TO tsunagu_app
  USING ((SELECT app.kind()) = 'participant' AND source_facility_id = app.self_source());
GRANT DELETE ON record TO tsunagu_app;

-- Whom a professional identified at hand, to write about them: reading is another question.
CREATE TABLE entry_subject (
  participant_id uuid NOT NULL REFERENCES participant,
  professional_id uuid NOT NULL REFERENCES professional,
  facility_id uuid NOT NULL REFERENCES facility,
  until timestamptz NOT NULL,
  PRIMARY KEY (participant_id, professional_id)
);
ALTER TABLE entry_subject ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_writer ON entry_subject
  USING (participant_id = (SELECT app.subject()) AND (SELECT app.kind()) = 'professional'
    AND professional_id = (SELECT app.professional())
    AND facility_id = (SELECT app.facility()));
GRANT SELECT, INSERT, UPDATE (facility_id, until) ON entry_subject TO tsunagu_app;

-- Across participants: one narrow question. Whose insurance this is, of those born that day.
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
CREATE FUNCTION records_participants_of_insurance(
  p_insurer text, p_symbol text, p_number text, p_branch text, p_birth_on date)
RETURNS SETOF uuid LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS NULL OR app.kind() NOT IN ('operator', 'system') OR app.facility() IS NULL THEN
    RAISE EXCEPTION 'facilities that send records ask so' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY SELECT r.participant_id FROM registration r
    JOIN participant p ON p.participant_id = r.participant_id
    WHERE r.insurer = p_insurer AND r.insurance_symbol = p_symbol
      AND r.insurance_number = p_number AND p.birth_on = p_birth_on
      AND (p_branch = '' OR r.insurance_branch IN ('', p_branch))
    LIMIT 10;
END $$;
REVOKE EXECUTE ON FUNCTION records_participants_of_insurance(text, text, text, text, date)
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records_participants_of_insurance(text, text, text, text, date)
  TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "checkups and entries", SQL)
