"""Every event as FHIR AuditEvent: what its profile demands, and nothing that is not known."""

import base64
import re
from datetime import UTC, date, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.access_log.events import EventName
from api.access_log.rows import LogRow, Withheld
from api.support.reading.audit_event import Server, audit_event, patient, pseudonym
from tests.support import balp

PARTICIPANT, CLINIC, SATO = uuid4(), uuid4(), uuid4()
SERVER = Server("https://example.jp/fhir/R4", "example.jp")
ME = patient(PARTICIPANT)
Json = dict[str, Any]


def row(event: EventName = EventName.RECORD_READ, **changed: Any) -> LogRow:
    """Dr Satō's clinic reads two prescriptions, unless said otherwise."""
    detail = {
        "actor": {
            "name": "佐藤 健一",
            "profession": "physician",
            "facility": {"ja": "さくら内科クリニック", "en": "Sakura Clinic"},
            "client": "emr-1",
        },
        "asked": ["MedicationRequest"],
        "basis": {"step": "granted", "settings_version": 4},
        "resources": [{"type": "MedicationRequest", "category": "prescription", "count": 2}],
    }
    values: Json = {
        "number": 57,
        "eid": uuid4(),
        "at": datetime(2026, 5, 3, 5, 5, 0, 123456, tzinfo=UTC),
        "event": event.value,
        "outcome": "permitted",
        "actor_kind": "system",
        "actor_id": SATO,
        "facility_id": CLINIC,
        "purpose_of_use": "TREAT",
        "detail": detail | changed.pop("more", {}),
        "commit": bytes(range(32)),
    }
    return LogRow(**values | changed)


def said(of: LogRow, subject: Json | None = ME) -> Json:
    words = {"said": "佐藤さんが見ました。", "reason": "ご本人が許したためです。"}
    return audit_event(of, subject, SERVER, **words, facility="さくら内科クリニック")


def profile(event: Json) -> str:
    return "".join(event.get("meta", {}).get("profile", ())).removeprefix(balp.PREFIX)


@pytest.mark.parametrize("outcome", ["permitted", "denied"])
@pytest.mark.parametrize("event", EventName)
def test_every_event_is_what_its_profile_demands(event: EventName, outcome: str) -> None:
    for kind, facility in (
        ("system", CLINIC),
        ("professional", CLINIC),
        ("participant", None),
        ("support", None),
        ("operator", None),
    ):
        made = said(row(event, outcome=outcome, actor_kind=kind, facility_id=facility))
        assert balp.faults(made) == []
        assert made["outcome"] == {"permitted": "0", "denied": "8"}[outcome]


@pytest.mark.parametrize(
    ("event", "outcome", "name"),
    [
        (EventName.RECORD_READ, "permitted", "PatientQuery"),
        (EventName.RECORD_READ, "denied", "AuthZconsent"),
        (EventName.PARTICIPANT_FOUND, "permitted", "PatientRead"),
        (EventName.PARTICIPANT_SOUGHT, "denied", "AuthZconsent"),
        (EventName.CONSENT_READ, "permitted", "PatientRead"),
        (EventName.ACCESS_EVALUATED, "permitted", "AuthZconsent"),
        (EventName.ACCESS_EVALUATED, "denied", "AuthZconsent"),
        (EventName.RECORD_STORED, "permitted", "PatientCreate"),
        (EventName.DISCLOSURE_CHANGED, "permitted", "PatientUpdate"),
        (EventName.LOG_EXPORTED, "permitted", "PrivacyDisclosure.Source"),
        (EventName.LAW_ENFORCEMENT, "permitted", "PrivacyDisclosure.Source"),
        (EventName.SIGNED_IN, "permitted", ""),
        (EventName.SIGNED_IN, "denied", ""),
        (EventName.LOG_QUESTION_ASKED, "permitted", ""),
    ],
)
def test_an_event_follows_the_pattern_made_for_it(
    event: EventName, outcome: str, name: str
) -> None:
    assert profile(said(row(event, outcome=outcome))) == name


def test_a_read_says_who_for_whom_why_and_which_kinds_and_how_to_find_it_in_the_tree() -> None:
    made = said(row())
    assert made["recorded"] == "2026-05-03T05:05:00.123456Z"
    (user,) = balp.agents(made, balp.IRCP)
    assert (user["name"], user["requestor"]) == ("佐藤 健一", True)
    assert user["who"]["identifier"]["value"] == str(SATO)
    assert user["role"][0]["coding"][0]["code"] == "physician"
    assert user["purposeOfUse"][0]["coding"][0]["code"] == "TREAT"
    (client,) = balp.agents(made, (balp.DCM, "110153"))
    assert client["who"]["identifier"]["value"] == "emr-1"
    (place,) = balp.agents(made, ("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV"))
    assert place["who"]["display"] == "さくら内科クリニック"
    (whose,) = balp.entities(made, balp.ENTITY, "1")
    assert whose["what"]["reference"] == f"Patient/{PARTICIPANT}"
    details = {each["type"]: each for each in whose["detail"]}
    assert details["number"]["valueString"] == "57"
    assert base64.b64decode(details["commit"]["valueBase64Binary"]) == bytes(range(32))
    assert (details["step"]["valueString"], details["settings"]["valueString"]) == ("granted", "4")
    (query,) = balp.entities(made, balp.ENTITY, "2")
    asked = f"MedicationRequest?patient=Patient/{PARTICIPANT}"
    assert base64.b64decode(query["query"]).decode() == query["description"] == asked
    (kind,) = balp.entities(made, balp.TYPES, "MedicationRequest")
    assert {each["type"]: each["valueString"] for each in kind["detail"]} == {
        "category": "prescription",
        "count": "2",
    }


def test_a_refusal_says_why_and_from_which_settings_and_shows_no_records() -> None:
    made = said(row(outcome="denied"))
    assert made["outcomeDesc"] == "ご本人が許したためです。"
    (consent,) = balp.entities(made, balp.TYPES, "Consent")
    assert consent["what"]["reference"] == f"Consent/{PARTICIPANT}"
    assert consent["detail"] == [{"type": "version", "valueString": "4"}]
    assert len(made["entity"]) == 2


def test_what_is_withheld_is_masked_and_said_to_be() -> None:
    until = date(2027, 3, 1)
    parts = tuple(Withheld(name, "safety", until) for name in ("actor", "basis", "resources"))
    hidden = row(detail={}, actor_id=None, facility_id=None, withheld=parts)
    made = audit_event(hidden, ME, SERVER)
    assert balp.faults(made) == []
    masked = {"extension": [{"url": _ABSENT, "valueCode": "masked"}]}
    (user,) = balp.agents(made, balp.IRCP)
    (client,) = balp.agents(made, (balp.DCM, "110153"))
    assert (user["who"], client["who"]) == (masked, masked)
    (query,) = balp.entities(made, balp.ENTITY, "2")
    assert query["_query"] == masked
    (whose,) = balp.entities(made, balp.ENTITY, "1")
    details = {each["type"]: each.get("valueString") for each in whose["detail"]}
    assert details["withheld.actor"] == "2027-03-01: safety"
    assert "佐藤" not in str(made)


_ABSENT = "http://hl7.org/fhir/StructureDefinition/data-absent-reason"


def test_the_log_keeps_no_network_address_and_says_so() -> None:
    made = said(row())
    (client,) = balp.agents(made, (balp.DCM, "110153"))
    assert client["network"] == {"extension": [{"url": _ABSENT, "valueCode": "unsupported"}]}


def test_a_participant_acts_as_the_patient_they_are() -> None:
    own = row(EventName.DISCLOSURE_CHANGED, actor_kind="participant", facility_id=None)
    (user,) = balp.agents(said(own), *balp.SOURCES)
    assert user["who"] == ME


def test_for_an_auditor_nobody_is_named() -> None:
    bare = row(detail={})
    made = audit_event(bare, pseudonym("x7"), SERVER)
    assert balp.faults(made) == []
    (whose,) = balp.entities(made, balp.ENTITY, "1")
    assert whose["what"] == {
        "type": "Patient",
        "identifier": {"system": "urn:tsunagu:pseudonym", "value": "x7"},
    }
    assert str(PARTICIPANT) not in str(made)
    about_nobody = audit_event(row(detail={}, number=0), None, SERVER)
    assert balp.faults(about_nobody) == []
    assert profile(about_nobody) == ""
    assert balp.entities(about_nobody, balp.ENTITY, "1") == []


def test_words_of_people_cannot_break_the_narrative() -> None:
    made = audit_event(row(), ME, SERVER, said="<script>&", reason='"x"')
    assert "<script>" not in made["text"]["div"]
    assert re.fullmatch(r'<div xmlns="[^"]+" lang="ja">[^<]*</div>', made["text"]["div"])


@given(
    st.sampled_from(list(EventName)),
    st.sampled_from(["permitted", "denied"]),
    st.sampled_from(["participant", "professional", "system", "support", "operator", "anonymous"]),
    st.booleans(),
    st.sets(st.sampled_from(["about", "actor", "way", "purpose", "basis", "resources"])),
)
def test_whatever_is_known_or_hidden_the_shape_holds(
    event: EventName, outcome: str, kind: str, has_place: bool, hidden: set[str]
) -> None:
    parts = tuple(Withheld(name, "safety", date(2027, 3, 1)) for name in sorted(hidden))
    given_row = row(
        event,
        outcome=outcome,
        actor_kind=kind,
        facility_id=CLINIC if has_place else None,
        withheld=parts,
        detail={} if hidden else row().detail,
    )
    for subject in (ME, pseudonym("x"), None):
        assert balp.faults(audit_event(given_row, subject, SERVER)) == []
