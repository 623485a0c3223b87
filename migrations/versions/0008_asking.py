"""Access agreed on: codes told at the desk, requests, and word to those whose access ended."""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager

from migrations.steps import sql_migration

ID = "0008_asking"

SQL = r"""
CREATE FUNCTION app.professional() RETURNS uuid LANGUAGE sql STABLE
RETURN nullif((app.context())[6], '')::uuid;
GRANT EXECUTE ON FUNCTION app.professional() TO tsunagu_app, tsunagu_lookup, tsunagu_sealer;

CREATE TABLE desk_code (
  participant_id uuid NOT NULL REFERENCES participant,
  code_id uuid NOT NULL DEFAULT uuidv7(),
  code_hmac bytea NOT NULL CHECK (length(code_hmac) = 32),
  level smallint NOT NULL CHECK (level BETWEEN 0 AND 1),
  made_at timestamptz NOT NULL DEFAULT now(),
  expires_at timestamptz NOT NULL,
  used_at timestamptz,
  ended_at timestamptz,
  PRIMARY KEY (participant_id, code_id)
);
-- A code names one participant, and a participant has one code.
CREATE UNIQUE INDEX desk_code_by_hmac ON desk_code (code_hmac)
  WHERE used_at IS NULL AND ended_at IS NULL;
CREATE UNIQUE INDEX desk_code_of_participant ON desk_code (participant_id)
  WHERE used_at IS NULL AND ended_at IS NULL;

CREATE TABLE access_request (
  participant_id uuid NOT NULL REFERENCES participant,
  request_id uuid NOT NULL,
  professional_id uuid NOT NULL REFERENCES professional,
  facility_id uuid NOT NULL REFERENCES facility,
  wanted_for text NOT NULL CHECK (wanted_for IN ('professional', 'facility')),
  days integer NOT NULL CHECK (days BETWEEN 1 AND 366),
  level smallint NOT NULL CHECK (level BETWEEN 0 AND 1),
  reason text NOT NULL CHECK (length(reason) <= 40),
  note text NOT NULL CHECK (length(note) <= 200),
  asked_at timestamptz NOT NULL DEFAULT now(),
  answer text CHECK (answer IN ('approved', 'refused')),
  answered_at timestamptz,
  until timestamptz,
  PRIMARY KEY (participant_id, request_id),
  CHECK ((answer IS NULL) = (answered_at IS NULL)),
  CHECK ((answer IS NOT DISTINCT FROM 'approved') = (until IS NOT NULL))
);
CREATE INDEX access_request_approved ON access_request (professional_id, request_id)
  WHERE answer = 'approved';

-- What a professional asked for, whether such a card exists or not: no participant stands here.
CREATE TABLE asked (
  professional_id uuid NOT NULL REFERENCES professional,
  request_id uuid NOT NULL DEFAULT uuidv7(),
  card_hmac bytea NOT NULL CHECK (length(card_hmac) = 32),
  card_end text NOT NULL CHECK (card_end ~ '^[0-9]{4}$'),
  asked_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (professional_id, request_id)
);
CREATE INDEX asked_by_card ON asked (professional_id, card_hmac);

-- For the facility, which knows the person by its own number or not at all.
CREATE TABLE facility_notice (
  facility_id uuid NOT NULL REFERENCES facility,
  notice_id uuid NOT NULL DEFAULT uuidv7(),
  professional_id uuid REFERENCES professional,
  event text NOT NULL CHECK (event IN ('access_ended')),
  local_id text,
  created_at timestamptz NOT NULL DEFAULT now(),
  seen_at timestamptz,
  PRIMARY KEY (facility_id, notice_id)
);
CREATE INDEX facility_notice_unseen ON facility_notice (facility_id, created_at)
  WHERE seen_at IS NULL;

ALTER TABLE desk_code ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE access_request ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE asked ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE facility_notice ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY of_the_subject ON desk_code USING (participant_id = (SELECT app.subject()));
CREATE POLICY lookup ON desk_code FOR SELECT TO tsunagu_lookup USING (true);
CREATE POLICY of_the_subject ON access_request USING (participant_id = (SELECT app.subject()));
-- Invariant: refused, unanswered and never arrived look alike to the asker.
CREATE POLICY of_the_asker ON access_request FOR SELECT
  USING (answer = 'approved' AND professional_id = (SELECT app.professional()));
CREATE POLICY of_the_asker ON asked USING (professional_id = (SELECT app.professional()));
CREATE POLICY of_the_facility ON facility_notice USING (facility_id = (SELECT app.facility())
  AND (professional_id IS NULL OR professional_id = (SELECT app.professional())));
CREATE POLICY lookup ON facility_notice FOR INSERT TO tsunagu_lookup WITH CHECK (true);

GRANT SELECT, INSERT ON desk_code, access_request, asked TO tsunagu_app;
GRANT UPDATE (used_at, ended_at) ON desk_code TO tsunagu_app;
GRANT UPDATE (answer, answered_at, until) ON access_request TO tsunagu_app;
GRANT SELECT, UPDATE (seen_at) ON facility_notice TO tsunagu_app;
GRANT SELECT ON desk_code TO tsunagu_lookup;
GRANT INSERT ON facility_notice TO tsunagu_lookup;

CREATE FUNCTION consent_participant_of_desk_code(p_code_hmac bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT participant_id FROM desk_code
  WHERE code_hmac = p_code_hmac AND used_at IS NULL AND ended_at IS NULL AND expires_at > now()
$$;

-- The only way to a facility: about the subject of this transaction, by the facility's own number.
CREATE FUNCTION consent_tell_facility(p_facility uuid, p_professional uuid, p_event text)
RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO facility_notice (facility_id, professional_id, event, local_id)
  SELECT p_facility, p_professional, p_event, (SELECT min(local_id) FROM facility_patient
    WHERE participant_id = app.subject() AND facility_id = p_facility)
  WHERE app.subject() IS NOT NULL
$$;
GRANT CREATE ON SCHEMA public TO tsunagu_lookup;
ALTER FUNCTION consent_participant_of_desk_code(bytea) OWNER TO tsunagu_lookup;
ALTER FUNCTION consent_tell_facility(uuid, uuid, text) OWNER TO tsunagu_lookup;
SET LOCAL ROLE tsunagu_lookup;
REVOKE EXECUTE ON FUNCTION consent_participant_of_desk_code(bytea),
  consent_tell_facility(uuid, uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION consent_participant_of_desk_code(bytea),
  consent_tell_facility(uuid, uuid, text) TO tsunagu_app;
SET LOCAL ROLE tsunagu_owner;
REVOKE CREATE ON SCHEMA public FROM tsunagu_lookup;
"""


async def forwards() -> MigrationManager:
    return sql_migration(ID, "asking for access", SQL)
