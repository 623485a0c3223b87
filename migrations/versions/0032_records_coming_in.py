"""Parts of documents, answers kept for a sender who asks again, and whose records are refused."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0032_records_coming_in"

SQL = r"""
-- Set where a document alone says it: the facility never sent it by itself.
ALTER TABLE record ADD COLUMN document_id uuid;
-- What a document was taken apart into. `is_named`: its newest version still holds it.
CREATE TABLE document_part (
  participant_id uuid NOT NULL REFERENCES participant,
  document_id uuid NOT NULL,
  record_id uuid NOT NULL,
  is_named boolean NOT NULL DEFAULT true,
  PRIMARY KEY (participant_id, document_id, record_id)
);
CREATE INDEX document_part_of ON document_part (participant_id, record_id) WHERE is_named;
ALTER TABLE document_part ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON document_part USING (participant_id = (SELECT app.subject()));
GRANT SELECT, INSERT ON document_part TO tsunagu_app;
GRANT UPDATE (is_named) ON document_part TO tsunagu_app;

-- What a sending under an Idempotency-Key was answered, for a day. `answer` names records by id and
-- says nothing of what is in them.
CREATE TABLE answered_sending (
  facility_id uuid NOT NULL REFERENCES facility,
  key_hash bytea NOT NULL CHECK (length(key_hash) = 32),
  request_hash bytea NOT NULL CHECK (length(request_hash) = 32),
  answer jsonb NOT NULL,
  answered_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (facility_id, key_hash)
);
CREATE INDEX answered_sending_old ON answered_sending (facility_id, answered_at);
ALTER TABLE answered_sending ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_facility ON answered_sending
  USING (facility_id = (SELECT app.facility()));
GRANT SELECT, INSERT, DELETE ON answered_sending TO tsunagu_app;

-- Facilities from which the participant takes no more records.
ALTER TABLE directive ADD COLUMN refused_sources uuid[] NOT NULL DEFAULT '{}';

GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
-- Whose current records are dated before the day their category is kept from: whose, and no more.
CREATE FUNCTION records_past_retention(p_categories text[], p_before date[])
RETURNS SETOF uuid
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF app.kind() IS DISTINCT FROM 'operator' THEN
    RAISE EXCEPTION 'an operator alone ends what is kept' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY SELECT DISTINCT r.participant_id FROM record r
    JOIN unnest(p_categories, p_before) AS k(category, before) USING (category)
    WHERE r.is_current AND r.effective_on < k.before AND NOT 'LTS' = ANY (r.marks);
END $$;
REVOKE EXECUTE ON FUNCTION records_past_retention(text[], date[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION records_past_retention(text[], date[]) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "records coming in", SQL)
