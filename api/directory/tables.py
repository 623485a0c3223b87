"""Facilities, professionals, officers and the network profiles they were decided under."""

from piccolo.columns import (
    UUID,
    Boolean,
    Bytea,
    Date,
    ForeignKey,
    Integer,
    Text,
    Timestamptz,
)
from piccolo.table import Table

from api.core.database import DB


class NetworkProfileVersion(Table, tablename="network_profile", db=DB):
    profile_id = Text(primary_key=True)
    version = Integer()
    source = Text()
    loaded_at = Timestamptz()


class Facility(Table, tablename="facility", db=DB):
    facility_id = UUID(primary_key=True)
    id_system = Text()
    code = Text()
    name = Text()
    name_kana = Text()
    name_en = Text()
    facility_type = Text()
    region = Text()
    is_active = Boolean()
    revision = Integer()
    joined_at = Timestamptz()


class Professional(Table, tablename="professional", db=DB):
    professional_id = UUID(primary_key=True)
    facility_id = ForeignKey(Facility, null=False)
    name = Text()
    name_kana = Text()
    profession = Text()
    is_active = Boolean()
    trained_on = Date(null=True)
    revision = Integer()
    vouched_until = Date(null=True)


class FacilityHistory(Table, tablename="facility_history", db=DB):
    facility_id = UUID(primary_key=True)
    revision = Integer()
    name = Text()
    name_en = Text()
    facility_type = Text()
    region = Text()
    is_active = Boolean()
    joined_at = Timestamptz()
    recorded_at = Timestamptz()


class ProfessionalHistory(Table, tablename="professional_history", db=DB):
    professional_id = UUID(primary_key=True)
    revision = Integer()
    facility_id = UUID()
    name = Text()
    profession = Text()
    is_active = Boolean()
    trained_on = Date(null=True)
    recorded_at = Timestamptz()
    vouched_until = Date(null=True)


class Officer(Table, tablename="officer", db=DB):
    officer_id = UUID(primary_key=True)
    name = Text()
    name_kana = Text()
    is_active = Boolean()
    trained_on = Date(null=True)


class FacilityAdministrator(Table, tablename="facility_administrator", db=DB):
    administrator_id = UUID(primary_key=True)
    facility_id = ForeignKey(Facility, null=False)
    name = Text()
    name_kana = Text()
    is_active = Boolean()
    appointed_at = Timestamptz()


class ProfessionProof(Table, tablename="profession_proof", db=DB):
    professional_id = UUID()
    proof_id = UUID(primary_key=True)
    way = Text()
    profession = Text()
    issuer = Text(null=True)
    fingerprint = Bytea(null=True)
    reason = Text(null=True)
    vouched_by = UUID(null=True)
    vouched_by_name = Text(null=True)
    valid_until = Date(null=True)
    made_at = Timestamptz()
    ended_at = Timestamptz(null=True)
