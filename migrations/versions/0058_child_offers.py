"""Offers of a child's book to the child's own account."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0058_child_offers"

SQL = r"""
-- Of a code only the hash. It serves once, within seven days, unless it was called off.
CREATE TABLE child_offer (
  participant_id uuid NOT NULL REFERENCES participant,
  offer_id uuid NOT NULL DEFAULT uuidv7(),
  book_id uuid NOT NULL,
  code_hash bytea NOT NULL UNIQUE CHECK (octet_length(code_hash) = 32),
  made_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  taken_at timestamptz,
  called_off_at timestamptz,
  PRIMARY KEY (participant_id, offer_id),
  CHECK (expires_at > made_at AND expires_at <= made_at + interval '7 days 1 minute'),
  CHECK (taken_at IS NULL OR called_off_at IS NULL)
);
CREATE UNIQUE INDEX child_offer_open ON child_offer (participant_id, book_id)
  WHERE taken_at IS NULL AND called_off_at IS NULL;

ALTER TABLE child_offer ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON child_offer USING (participant_id = (SELECT app.subject()));
CREATE POLICY lookup ON child_offer FOR SELECT TO tsunagu_lookup USING (true);
CREATE POLICY kind_may ON child_offer AS RESTRICTIVE TO tsunagu_app
  USING ((SELECT app.kind()) = 'participant');
GRANT SELECT, INSERT ON child_offer TO tsunagu_app;
GRANT UPDATE (taken_at, called_off_at) ON child_offer TO tsunagu_app;
GRANT SELECT ON child_offer TO tsunagu_lookup;

CREATE FUNCTION app.child_offer_holds() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'INSERT' THEN
    NEW.made_at := clock_timestamp();
    NEW.taken_at := NULL;
    NEW.called_off_at := NULL;
  ELSIF OLD.taken_at IS NOT NULL OR OLD.called_off_at IS NOT NULL THEN
    RAISE EXCEPTION 'an offer ends once' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER child_offer_holds BEFORE INSERT OR UPDATE ON child_offer
  FOR EACH ROW EXECUTE FUNCTION app.child_offer_holds();
ALTER TABLE child_offer ENABLE ALWAYS TRIGGER child_offer_holds;

-- Across participants: one narrow question. Whose book this code hands over.
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
CREATE FUNCTION phr_child_offer_of_code(p_code_hash bytea)
RETURNS TABLE (participant_id uuid, book_id uuid)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
#variable_conflict use_column
BEGIN
  IF app.kind() IS DISTINCT FROM 'participant' THEN
    RAISE EXCEPTION 'only participants take over a book' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY SELECT o.participant_id, o.book_id FROM child_offer o
    WHERE o.code_hash = p_code_hash AND o.taken_at IS NULL AND o.called_off_at IS NULL
      AND o.expires_at > now();
END $$;
REVOKE EXECUTE ON FUNCTION phr_child_offer_of_code(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION phr_child_offer_of_code(bytea) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "child offers", SQL)
