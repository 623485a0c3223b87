"""Every route × every role × what belongs to Tarō: served, turned away, or not there at all."""

import re
from datetime import timedelta
from typing import Any, NamedTuple
from uuid import uuid4

import asyncpg
import httpx
import pytest
import pytest_asyncio
from litestar import Litestar
from litestar.routes import HTTPRoute

from api.core import clock
from api.core.crypto import new_token, sha256
from api.core.database import unit_of_work
from api.fhir.codes import CARD, patient_in_facility
from tests.access_log.sealed import seal
from tests.attacks.conftest import (
    PHONE,
    TITLE,
    Attacker,
    World,
    connect_app,
    held_of,
    without_accidents,
)
from tests.conftest import Deployment
from tests.portal import scene

ROLES = (
    "anonymous", "participant", "professional", "support", "reads", "writes", "auditor",
    "facility_admin",
)  # fmt: skip

# What each role meets, in the order of ROLES. A dot: the same answer as for an absent thing
# (404; for FHIR searches an empty Bundle). "in": asked to sign in (401, or the sign-in page).
OPEN = "ok ok ok ok ok ok ok ok"
PARTICIPANT = "in ok . . in in . ."
PROFESSIONAL = "in . ok . in in . ."
SUPPORT = "in . . ok in in . ."
AUDITOR = "in . . . in in ok ."
PARTICIPANT_AND_AUDITOR = "in ok . . in in ok ."
EVERYONE = "in ok ok ok in in ok ok"
BAD_PROOF = "in bad bad bad in in bad bad"
READS = "in in in in ok in in in"
WRITES = "in in in in in ok in in"
FACILITY_ADMIN = "in . . . in in . ok"
NOBODY = ". . . . . . . ."
TICKET = "gone gone gone gone gone gone gone gone"
# Tarō's own things, for everyone else
HIS_PAGE = "in . . . in in . ."
# Kumamoto offers one way of letting people in: nobody picks
NO_CHOICE = "in . . . in in . ."
HIS_CASE = "in . . ok in in . ."
HIS_ANSWER = "in . . . in in . ."
HIS_RECORD = "in in in in . in in in"
# A code that opens no certificate
NO_CODE = "bad bad bad bad bad bad bad bad"
# A system that was not let export
EXPORTS = "in in in in bad in in in"
# A token that was not asked for in an emergency
NOT_IN_EMERGENCY = "in in in in bad in in in"


class Row(NamedTuple):
    """One line of the table. `url` and `body` may name Tarō's things in {braces}.

    A body goes out as a form on the portal and as JSON elsewhere.
    """

    method: str
    route: str
    expected: str
    url: str = ""
    body: Any = None


def notebook_rows() -> list[Row]:
    """Medicines, allergies, doctors and checkups at school: pages and doors alike."""
    wrong = "in bad . . in in . ."
    child = "/book/children/{child}/school-checkups"
    found = []
    for page in ("medications", "allergies", "doctors", "school-checkups"):
        for here in (f"/book/{page}", *([child] if page == "school-checkups" else ())):
            at = here.replace("{child}", "{record}")
            met, refused = (HIS_PAGE, HIS_PAGE) if here == child else (PARTICIPANT, wrong)
            found += [
                Row("GET", here, met, f"{at}?participant_id={{taro}}"),
                Row("GET", f"{here}/new", met, f"{at}/new"),
                Row("POST", f"{here}/new", refused, f"{at}/new", {"participant_id": "{taro}"}),
                Row("GET", f"{here}/{{entry_id}}", HIS_PAGE, f"{at}/{{record}}"),
                Row("POST", f"{here}/{{entry_id}}", HIS_PAGE, f"{at}/{{record}}", {}),
                Row("GET", f"{here}/{{entry_id}}/remove", HIS_PAGE, f"{at}/{{record}}/remove"),
                Row("POST", f"{here}/{{entry_id}}/remove", HIS_PAGE, f"{at}/{{record}}/remove", {}),
            ]
        of_child = "/me/school-checkups/children/{child}"
        for door in (f"/me/{page}", *([of_child] if page == "school-checkups" else ())):
            at = door.replace("{child}", "{record}")
            met, refused = (HIS_PAGE, HIS_PAGE) if door == of_child else (PARTICIPANT, wrong)
            found += [
                Row("GET", door, met, f"{at}?participant_id={{taro}}"),
                Row("POST", door, refused, at, {"fields": {"name": ""}}),
                Row("PUT", f"{door}/{{entry_id}}", HIS_PAGE, f"{at}/{{record}}", {"version": 1}),
                Row("GET", f"{door}/{{entry_id}}/versions", HIS_PAGE, f"{at}/{{record}}/versions"),
                Row("DELETE", f"{door}/{{entry_id}}", HIS_PAGE, f"{at}/{{record}}"),
            ]
    return [
        *found,
        Row("GET", "/book/allergies/find", PARTICIPANT),
        Row("POST", "/book/allergies/find", PARTICIPANT, body={"words": "そば"}),
        Row("POST", "/book/allergies/picked", PARTICIPANT, body={"allergen": "J9FA19140000"}),
        Row("GET", "/me/allergens", PARTICIPANT, "/me/allergens?q=egg"),
    ]


def wish_rows() -> list[Row]:
    """Nobody but the participant has any; this one wrote none yet."""
    wrong = "in bad . . in in . ."
    here, one = "/book/wishes", "/book/wishes/documents/{entry_id}"
    return [
        Row("GET", here, PARTICIPANT, f"{here}?participant_id={{taro}}"),
        Row("GET", f"{here}/statement", PARTICIPANT),
        Row("POST", f"{here}/statement", wrong, body={"participant_id": "{taro}"}),
        Row("GET", f"{here}/versions", HIS_PAGE),
        Row("GET", f"{here}/revoke", HIS_PAGE),
        Row("POST", f"{here}/revoke", HIS_PAGE, body={"participant_id": "{taro}"}),
        Row("GET", f"{here}/people/new", PARTICIPANT),
        Row("POST", f"{here}/people/new", wrong, body={"participant_id": "{taro}"}),
        Row("GET", f"{here}/people/{{place}}", HIS_PAGE, f"{here}/people/1"),
        Row("POST", f"{here}/people/{{place}}", HIS_PAGE, f"{here}/people/1", {}),
        Row("POST", f"{here}/people/{{place}}/move", HIS_PAGE, f"{here}/people/1/move", {}),
        Row("GET", f"{here}/people/{{place}}/remove", HIS_PAGE, f"{here}/people/1/remove"),
        Row("POST", f"{here}/people/{{place}}/remove", HIS_PAGE, f"{here}/people/1/remove", {}),
        Row("GET", f"{here}/documents/new", PARTICIPANT),
        Row("POST", f"{here}/documents/new", wrong, body={"participant_id": "{taro}"}),
        Row("GET", one, HIS_PAGE, f"{here}/documents/{{record}}"),
        Row("GET", f"{one}/remove", HIS_PAGE, f"{here}/documents/{{record}}/remove"),
        Row("POST", f"{one}/remove", HIS_PAGE, f"{here}/documents/{{record}}/remove", {}),
        Row("GET", "/me/wishes", PARTICIPANT, "/me/wishes?participant_id={taro}"),
        Row("PUT", "/me/wishes/statement", wrong, body={"fields": {"life": "magic"}}),
        Row("PUT", "/me/wishes/people", wrong, body={"people": [{"relation": "x"}]}),
        Row("GET", "/me/wishes/versions", PARTICIPANT, "/me/wishes/versions?of={taro}"),
        Row("DELETE", "/me/wishes", HIS_PAGE, "/me/wishes?participant_id={taro}"),
        Row("POST", "/me/wishes/document", wrong, body={"participant_id": "{taro}"}),
        Row("GET", "/me/wishes/document/{entry_id}", HIS_PAGE, "/me/wishes/document/{record}"),
        Row("DELETE", "/me/wishes/document/{entry_id}", HIS_PAGE, "/me/wishes/document/{record}"),
    ]


# No process serves the demo's issuer in these tests
ISSUER_AWAY = "503 503 503 503 503 503 503 503"
DEMO_ISSUER = "/demo/my-number/protocol/openid-connect"
NO_CARD = {"login": "x", "state": "x", "code": "x"}

HIS_LAB = {
    "subject": {"type": "professional", "id": "{clinic}"},
    "action": {"name": "read"},
    "resource": {"type": "category", "id": "lab", "properties": {"patient": "{taro}"}},
}
A_WEIGHT = {"on": "2026-05-01", "values": {"weight": "62.5"}}
HIS_VIEWING = {"session_id": "{case}", "record_id": "{record}", "place": "0"}
_DOSE = {"vaccine": "bcg", "on": "2026-10-20"}
TABLE = (
    Row("GET", "/health/live", OPEN),
    Row("GET", "/health/ready", OPEN),
    Row("GET", "/static/{file_path}", OPEN, "/static/app.css"),
    Row("HEAD", "/static/{file_path}", OPEN, "/static/app.css"),
    Row("GET", "/schema", OPEN),
    Row("GET", "/schema/openapi.json", OPEN),
    Row("GET", "/schema/{path}", NOBODY, "/schema/redoc"),
    Row("GET", "/.well-known/smart-configuration", OPEN),
    Row("GET", "/fhir/R4/.well-known/smart-configuration", OPEN),
    Row("GET", "/fhir/R4/metadata", OPEN),
    # Apps of others
    Row(
        "GET", "/oauth/authorize", "in bad . . in in . .", "/oauth/authorize?client_id=app-unknown"
    ),
    Row(
        "POST",
        "/oauth/authorize",
        "in bad . . in in . .",
        body={"answer": "allow", "client_id": "app-unknown", "participant_id": "{taro}"},
    ),
    Row("POST", "/oauth/revoke", "bad bad bad bad bad bad bad bad"),
    Row("GET", "/account/apps", PARTICIPANT, "/account/apps?account_id={account}"),
    Row("GET", "/account/apps/{grant_id}/end", HIS_PAGE, "/account/apps/{his_app}/end"),
    Row("POST", "/account/apps/{grant_id}/end", HIS_PAGE, "/account/apps/{his_app}/end", {}),
    Row("GET", "/me/apps", PARTICIPANT, "/me/apps?account_id={account}"),
    Row("DELETE", "/me/apps/{grant_id}", HIS_PAGE, "/me/apps/{his_app}"),
    # Facility systems
    Row("POST", "/oauth/token", "bad bad bad bad bad bad bad bad"),
    Row("GET", "/fhir/R4/{resource_type}", READS, "/fhir/R4/Condition?patient={absent}"),
    Row("GET", "/fhir/R4/{resource_type}", HIS_RECORD, "/fhir/R4/Patient?_id={taro}"),
    Row("GET", "/fhir/R4/{resource_type}", HIS_RECORD, "/fhir/R4/Patient?identifier={card}"),
    Row("GET", "/fhir/R4/{resource_type}", HIS_RECORD, "/fhir/R4/Patient?identifier={number}"),
    Row(
        "GET",
        "/fhir/R4/{resource_type}",
        HIS_RECORD,
        "/fhir/R4/MedicationRequest?patient={taro}",
    ),
    Row(
        "GET",
        "/fhir/R4/{resource_type}",
        HIS_RECORD,
        "/fhir/R4/MedicationRequest?patient.identifier={card}",
    ),
    Row(
        "GET",
        "/fhir/R4/{resource_type}",
        HIS_RECORD,
        "/fhir/R4/MedicationRequest?patient:identifier={number}",
    ),
    Row("GET", "/fhir/R4/{resource_type}/{resource_id}", HIS_RECORD, "/fhir/R4/Patient/{taro}"),
    Row(
        "GET",
        "/fhir/R4/{resource_type}/{resource_id}",
        HIS_RECORD,
        "/fhir/R4/MedicationRequest/{record}",
    ),
    Row(
        "HEAD",
        "/fhir/R4/{resource_type}/{resource_id}",
        HIS_RECORD,
        "/fhir/R4/MedicationRequest/{record}",
    ),
    Row(
        "GET",
        "/fhir/R4/{resource_type}/{resource_id}/_history",
        HIS_RECORD,
        "/fhir/R4/MedicationRequest/{record}/_history",
    ),
    Row(
        "GET",
        "/fhir/R4/{resource_type}/{resource_id}/_history/{version}",
        HIS_RECORD,
        "/fhir/R4/MedicationRequest/{record}/_history/1",
    ),
    Row(
        "HEAD",
        "/fhir/R4/{resource_type}/{resource_id}/_history/{version}",
        HIS_RECORD,
        "/fhir/R4/MedicationRequest/{record}/_history/1",
    ),
    Row(
        "GET",
        "/fhir/R4/{resource_type}/{resource_id}/$everything",
        HIS_RECORD,
        "/fhir/R4/Patient/{taro}/$everything",
    ),
    Row("GET", "/fhir/R4", HIS_RECORD, "/fhir/R4?patient={taro}"),
    Row("GET", "/fhir/R4", "in in in in bad in in in"),
    Row("POST", "/fhir/R4/_search", HIS_RECORD, body={"patient": "{taro}"}),
    Row("POST", "/fhir/R4/_search", HIS_RECORD, body={"patient.identifier": "{card}"}),
    Row(
        "POST",
        "/fhir/R4/{resource_type}/_search",
        HIS_RECORD,
        "/fhir/R4/MedicationRequest/_search",
        {"patient": "{taro}"},
    ),
    Row(
        "POST",
        "/fhir/R4/{resource_type}/_search",
        HIS_RECORD,
        "/fhir/R4/Patient/_search",
        {"identifier": "{card}"},
    ),
    Row("GET", "/fhir/R4/{resource_type}", HIS_RECORD, "/fhir/R4/Consent?patient={taro}"),
    Row("GET", "/fhir/R4/{resource_type}/{resource_id}", HIS_RECORD, "/fhir/R4/Consent/{taro}"),
    Row(
        "GET",
        "/fhir/R4/{resource_type}/{resource_id}/$summary",
        "in in . in . in in in",
        "/fhir/R4/Patient/{taro}/$summary",
    ),
    # Exports: this world's systems were let do no such thing
    Row("GET", "/fhir/R4/Group/{group_id}/$export", EXPORTS, "/fhir/R4/Group/own-patients/$export"),
    Row(
        "POST",
        "/fhir/R4/Group/{group_id}/$export",
        EXPORTS,
        "/fhir/R4/Group/own-patients/$export",
        {"resourceType": "Parameters"},
    ),
    Row("GET", "/fhir/R4/bulk-export/{export_id}", EXPORTS, "/fhir/R4/bulk-export/{absent}"),
    Row("DELETE", "/fhir/R4/bulk-export/{export_id}", EXPORTS, "/fhir/R4/bulk-export/{absent}"),
    Row(
        "GET",
        "/fhir/R4/bulk-export/{export_id}/{name}",
        EXPORTS,
        "/fhir/R4/bulk-export/{absent}/x",
    ),
    # The access log over FHIR: one's own, or everybody's without names
    Row("GET", "/fhir/R4/AuditEvent", PARTICIPANT_AND_AUDITOR, "/fhir/R4/AuditEvent"),
    Row(
        "GET",
        "/fhir/R4/AuditEvent",
        "in ok . . in in bad .",
        "/fhir/R4/AuditEvent?patient={taro}",
    ),
    Row("GET", "/fhir/R4/AuditEvent/{event_id}", HIS_PAGE, "/fhir/R4/AuditEvent/{his_event}"),
    # Decisions
    Row("GET", "/.well-known/authzen-configuration", OPEN),
    Row("GET", "/.well-known/jwks.json", OPEN),
    Row("POST", "/access/v1/evaluation", "in bad . . bad in . .", body={}),
    Row("POST", "/access/v1/evaluation", "in ok . . ok in . .", body=HIS_LAB),
    Row("POST", "/access/v1/evaluations", "in ok . . ok in . .", body=HIS_LAB),
    Row("POST", "/fhir/R4", "in in in in in bad in in", body={}),
    Row(
        "POST",
        "/fhir/R4",
        "in in in in in . in in",
        body={
            "resourceType": "Condition",
            "subject": {"identifier": {"system": "{number_system}", "value": "{number_value}"}},
            "code": {"text": "X"},
            "onsetDateTime": "2026-01-01",
        },
    ),
    Row("POST", "/fhir/R4/{resource_type}", "in in in in in bad in in", "/fhir/R4/Condition", {}),
    Row(
        "PUT",
        "/fhir/R4/{resource_type}",
        "in in in in in bad in in",
        "/fhir/R4/Condition?identifier=urn:x%7C1",
        {},
    ),
    Row(
        "PUT",
        "/fhir/R4/{resource_type}/{resource_id}",
        "in in in in in bad in in",
        "/fhir/R4/Condition/{record}",
        {},
    ),
    # The sealed log
    Row("GET", "/log/v1/checkpoint", OPEN),
    Row("GET", "/log/v1/tile/{tile}", OPEN, "/log/v1/tile/0/000.p/1"),
    Row("GET", "/log/v1/keys", OPEN),
    Row("GET", "/log/v1/verifier.py", OPEN),
    # Receipts compared
    Row(
        "GET",
        "/facility/receipts/reconcile",
        READS,
        "/facility/receipts/reconcile?day=2026-11-01&facility={clinic}",
    ),
    Row(
        "POST",
        "/facility/receipts/reconcile",
        READS,
        body={"day": "2026-11-01", "receipts": []},
    ),
    Row("POST", "/facility/receipts/reconcile", "in in in in bad in in in", body={}),
    # Sessions and joining
    Row("POST", "/sessions/options", OPEN),
    Row("POST", "/sessions", "bad bad bad bad bad bad bad bad", body={}),
    Row("DELETE", "/sessions/current", EVERYONE),
    Row("POST", "/sessions/refresh", "in in in in in in in in", body={"refresh_token": "x"}),
    Row("POST", "/enrolments", "bad bad bad bad bad bad bad bad", body={}),
    Row("GET", "/enrolments/current", TICKET),
    Row("POST", "/enrolments/current/acceptance", TICKET, body={"terms_version": "2026-11"}),
    Row("POST", "/enrolments/current/refusal", TICKET),
    Row("POST", "/enrolments/current/passkey/options", TICKET),
    Row("POST", "/enrolments/current/passkey", TICKET, body={}),
    # Every key is lost
    Row("POST", "/recoveries", "bad bad bad bad bad bad bad bad", body={}),
    Row("POST", "/recoveries/current/passkey/options", TICKET),
    Row("POST", "/recoveries/current/passkey", TICKET, body={}),
    Row("GET", "/me/recovery-code", PARTICIPANT, "/me/recovery-code?account_id={account}"),
    Row("POST", "/me/recovery-code", PARTICIPANT),
    Row("POST", "/sessions/password", "bad bad bad bad bad bad bad bad", body={}),
    Row("GET", "/me/password", PARTICIPANT, "/me/password?account_id={account}"),
    Row("POST", "/me/password/options", PARTICIPANT),
    Row(
        "PUT",
        "/me/password",
        "in gone . . in in . .",
        body={"password": "x", "setup": "x", "number": "1"},
    ),
    # She has no passkey in this world, and no password either
    Row("DELETE", "/me/password", PARTICIPANT),
    # My Number: nobody has shown a card here
    Row("GET", "/.well-known/my-number-client/jwks.json", OPEN),
    Row("POST", "/sessions/my-number", ISSUER_AWAY),
    Row("POST", "/sessions/my-number/finish", TICKET, body=NO_CARD),
    Row("POST", "/enrolments/my-number", ISSUER_AWAY),
    Row("POST", "/enrolments/my-number/finish", TICKET, body=NO_CARD),
    Row(
        "POST",
        "/enrolments/my-number/card",
        TICKET,
        body={"proof": "x", "card": "{card_digits}"},
    ),
    Row("POST", "/enrolments/current/my-number", TICKET),
    Row("GET", "/me/my-number", PARTICIPANT, "/me/my-number?account_id={account}"),
    Row("POST", "/me/my-number", "in 503 . . in in . ."),
    Row("POST", "/me/my-number/finish", "in gone . . in in . .", body=NO_CARD),
    Row("DELETE", "/me/my-number", "in . . . in in . ."),
    Row("POST", "/me/step-up/my-number", "in 503 . . in in . ."),
    Row("POST", "/me/step-up/my-number/finish", "in gone . . in in . .", body=NO_CARD),
    Row("POST", "/sign-in/my-number", ISSUER_AWAY, body={}),
    Row("POST", "/register/my-number", ISSUER_AWAY, body={}),
    Row("GET", "/sign-in/my-number/callback", TICKET, "/sign-in/my-number/callback?state=x&code=x"),
    Row("GET", "/register/my-number/card", OPEN),
    Row("POST", "/register/my-number/card", TICKET, body={"card": "{card_digits}"}),
    Row("GET", "/account/my-number", PARTICIPANT, "/account/my-number?account_id={account}"),
    Row("POST", "/account/my-number", "in 503 . . in in . .", body={}),
    Row("POST", "/account/my-number/remove", "in . . . in in . .", body={}),
    Row("POST", "/step-up/my-number", "in 503 . . in in . .", body={}),
    Row("GET", "/step-up/done", PARTICIPANT),
    # Notices on paper, and those that did not arrive
    Row("GET", "/support/letters", SUPPORT),
    Row("GET", "/support/letters/pdf", SUPPORT),
    Row(
        "POST",
        "/support/letters/{participant_id}/posted",
        HIS_PAGE,
        "/support/letters/{taro}/posted",
        {"notices": "{notice}"},
    ),
    # The demo's own phones, browsers and mailboxes
    Row("GET", "/demo/outbox", OPEN),
    Row("POST", "/demo/outbox/token", OPEN),
    Row("POST", "/demo/outbox/fcm", NOBODY, body={"message": {"token": "{taro}"}}),
    Row("POST", "/demo/outbox/push", NOBODY, body={"title": "{taro}"}),
    # The demo's own issuer
    Row("GET", "/demo/my-number/.well-known/openid-configuration", OPEN),
    Row("GET", f"{DEMO_ISSUER}/certs", OPEN),
    Row("GET", f"{DEMO_ISSUER}/auth", "bad bad bad bad bad bad bad bad"),
    Row("POST", f"{DEMO_ISSUER}/auth", "bad bad bad bad bad bad bad bad", body={"person": "taro"}),
    Row("POST", f"{DEMO_ISSUER}/token", "in in in in in in in in", body={}),
    Row("GET", f"{DEMO_ISSUER}/userinfo", "in in in in in in in in"),
    # A participant's own, for apps
    Row("GET", "/me", PARTICIPANT, "/me?participant_id={taro}&account_id={account}"),
    Row("GET", "/me/disclosure", PARTICIPANT, "/me/disclosure?participant_id={taro}"),
    Row(
        "POST",
        "/me/disclosure/changes",
        PARTICIPANT,
        body={"version": 0, "commands": [{"kind": "facility", "id": "{clinic}", "on": True}]},
    ),
    Row(
        "POST",
        "/me/disclosure/changes",
        "in bad . . in in . .",
        body={
            "version": 0,
            "participant_id": "{taro}",
            "commands": [{"kind": "facility", "id": "{clinic}", "on": True}],
        },
    ),
    Row("GET", "/me/disclosure/receipts", PARTICIPANT),
    Row(
        "GET",
        "/me/disclosure/receipts/{version}",
        "in . . . in in . .",
        "/me/disclosure/receipts/999?participant_id={taro}",
    ),
    Row("GET", "/me/disclosure/consent", PARTICIPANT, "/me/disclosure/consent?patient={taro}"),
    Row(
        "GET",
        "/me/disclosure/consent/{version}",
        "in . . . in in . .",
        "/me/disclosure/consent/999?patient={taro}",
    ),
    Row("POST", "/me/disclosure/consent", "in bad . . in in . .", body={}),
    Row("POST", "/me/disclosure/undo", PARTICIPANT, body={"version": 0}),
    Row("POST", "/me/disclosure/desk-codes", PARTICIPANT, body={"level": "normal"}),
    Row("DELETE", "/me/disclosure/desk-codes/current", PARTICIPANT),
    Row("GET", "/me/disclosure/requests", PARTICIPANT),
    Row(
        "POST",
        "/me/disclosure/requests/{request_id}/approval",
        HIS_ANSWER,
        "/me/disclosure/requests/{request}/approval",
        {"who": "facility", "until": "{tomorrow}"},
    ),
    Row(
        "POST",
        "/me/disclosure/requests/{request_id}/refusal",
        HIS_ANSWER,
        "/me/disclosure/requests/{request}/refusal",
    ),
    Row(
        "POST",
        "/me/disclosure/preview",
        PARTICIPANT,
        body={"facility_id": "{clinic}", "profession": "physician"},
    ),
    Row(
        "POST",
        "/me/disclosure/preview",
        "in bad . . in in . .",
        body={"facility_id": "{clinic}", "profession": "physician", "participant_id": "{taro}"},
    ),
    Row(
        "POST",
        "/me/disclosure/difference",
        PARTICIPANT,
        body={"commands": [{"kind": "facility", "id": "{clinic}", "on": True}]},
    ),
    Row("POST", "/me/participation", PARTICIPANT, body={"state": "participating"}),
    Row("GET", "/me/participation/terms", PARTICIPANT),
    Row(
        "POST",
        "/me/participation/terms",
        PARTICIPANT,
        body={"answer": "accept", "version": "2026-11"},
    ),
    Row("POST", "/me/participation/records", PARTICIPANT, body={"data_from": None}),
    Row("GET", "/me/residence", PARTICIPANT, "/me/residence?participant_id={taro}"),
    Row("PUT", "/me/residence", PARTICIPANT, body={"version": 0, "places": []}),
    Row("GET", "/me/scheme", PARTICIPANT),
    # Kumamoto offers no such way, whatever the version it was said of.
    Row("PUT", "/me/scheme", "in bad . . in in . .", body={"version": 0, "scheme": "care_team"}),
    Row("GET", "/me/papers", PARTICIPANT, "/me/papers?participant_id={taro}"),
    Row("GET", "/me/papers/{paper_id}", HIS_PAGE, "/me/papers/{case}"),
    Row("GET", "/me/facilities/waiting", PARTICIPANT),
    Row("GET", "/me/facilities", PARTICIPANT, "/me/facilities?q=&participant_id={taro}"),
    Row("GET", "/me/professionals", PARTICIPANT, "/me/professionals?q=&participant_id={taro}"),
    Row("GET", "/me/access-log", PARTICIPANT, "/me/access-log?participant_id={taro}"),
    Row(
        "GET",
        "/me/access-log/months/{month}",
        PARTICIPANT,
        "/me/access-log/months/{month}?participant_id={taro}",
    ),
    Row(
        "GET",
        "/me/access-log/export",
        PARTICIPANT,
        "/me/access-log/export?format=fhir&participant_id={taro}",
    ),
    Row("GET", "/me/access-log/questions", PARTICIPANT),
    Row(
        "GET",
        "/me/access-log/{number}/question",
        HIS_PAGE,
        "/me/access-log/999999/question?participant_id={taro}",
    ),
    Row(
        "POST",
        "/me/access-log/{number}/question",
        PARTICIPANT,
        "/me/access-log/1/question?participant_id={taro}",
        {"reason": "not_mine"},
    ),
    Row(
        "POST",
        "/me/access-log/{number}/question",
        "in bad . . in in . .",
        "/me/access-log/1/question",
        {"reason": "not_mine", "participant_id": "{taro}"},
    ),
    Row(
        "POST",
        "/me/access-log/{number}/question/settlement",
        HIS_ANSWER,
        "/me/access-log/999999/question/settlement?participant_id={taro}",
    ),
    Row(
        "POST",
        "/me/access-log/{number}/question/reopening",
        HIS_ANSWER,
        "/me/access-log/999999/question/reopening?participant_id={taro}",
        {"words": "x"},
    ),
    Row(
        "GET",
        "/me/access-log/{number}/decision",
        "in . . . in in . .",
        "/me/access-log/1/decision?participant_id={taro}",
    ),
    Row("GET", "/me/access-log/bundle", PARTICIPANT, "/me/access-log/bundle?participant_id={taro}"),
    Row(
        "GET",
        "/me/access-log/{name}",
        "in . . . in in . .",
        "/me/access-log/9.tlog-proof?participant_id={taro}",
    ),
    Row("GET", "/access-log/bundle", PARTICIPANT, "/access-log/bundle?participant_id={taro}"),
    # Keys of whoever is signed in
    Row("GET", "/me/passkeys", EVERYONE, "/me/passkeys?account_id={account}"),
    Row("POST", "/me/passkeys/options", EVERYONE),
    Row("POST", "/me/passkeys", BAD_PROOF, body={"credential": {}, "name": "x"}),
    Row("PUT", "/me/passkeys/{passkey_id}", HIS_PAGE, "/me/passkeys/{his_key}", {"name": "x"}),
    Row("DELETE", "/me/passkeys/{passkey_id}", HIS_PAGE, "/me/passkeys/{his_key}"),
    Row("GET", "/me/sessions", EVERYONE, "/me/sessions?account_id={account}"),
    Row("DELETE", "/me/sessions/{session_id}", HIS_PAGE, "/me/sessions/{his_session}"),
    Row("DELETE", "/me/sessions/others", EVERYONE),
    Row("POST", "/me/step-up/options", EVERYONE),
    Row("POST", "/me/step-up", BAD_PROOF, body={}),
    Row("GET", "/me/notices", PARTICIPANT, "/me/notices?participant_id={taro}"),
    Row("POST", "/me/call-backs", PARTICIPANT, body={"phone": "0961234567"}),
    Row("GET", "/me/records", PARTICIPANT, "/me/records?participant_id={taro}"),
    Row("GET", "/me/summary", PARTICIPANT, "/me/summary?participant_id={taro}"),
    Row("GET", "/me/records/{record_id}", HIS_PAGE, "/me/records/{record}"),
    Row("GET", "/me/records/{record_id}/accesses", HIS_PAGE, "/me/records/{record}/accesses"),
    # The portal, for everyone
    Row("GET", "/", OPEN),
    Row("GET", "/sign-in", OPEN),
    Row("POST", "/sign-in/options", OPEN, body={}),
    Row("POST", "/sign-in/verify", "bad bad bad bad bad bad bad bad", body={}),
    Row("POST", "/sign-out", OPEN, body={}),
    Row("POST", "/preferences", OPEN, body={"text_size": "large"}),
    Row("GET", "/register", OPEN),
    Row("POST", "/register", "bad bad bad bad bad bad bad bad", body={"card": "{card_digits}"}),
    Row("GET", "/register/agree", OPEN),
    Row("POST", "/register/agree", TICKET, body={"answer": "accept"}),
    Row("GET", "/register/passkey", OPEN),
    Row("POST", "/register/passkey/options", TICKET, body={}),
    Row("POST", "/register/passkey", TICKET, body={}),
    Row("GET", "/demo/sign-in/{token}", OPEN, "/demo/sign-in/x"),
    Row("POST", "/demo/sign-in", TICKET, body={"token": "x"}),
    # Keys of whoever is signed in
    Row("GET", "/account/keys", EVERYONE, "/account/keys?account_id={account}"),
    Row("GET", "/account/keys/new", EVERYONE),
    Row("POST", "/account/keys/options", EVERYONE, body={}),
    Row("POST", "/account/keys/add", BAD_PROOF, body={}),
    Row(
        "POST",
        "/account/keys/{passkey_id}/name",
        HIS_PAGE,
        "/account/keys/{his_key}/name",
        {"name": "x"},
    ),
    Row("GET", "/account/keys/{passkey_id}/revoke", HIS_PAGE, "/account/keys/{his_key}/revoke"),
    Row(
        "POST", "/account/keys/{passkey_id}/revoke", HIS_PAGE, "/account/keys/{his_key}/revoke", {}
    ),
    Row("GET", "/account/recovery", PARTICIPANT),
    Row("POST", "/account/recovery", PARTICIPANT, body={"account_id": "{account}"}),
    Row("GET", "/account/password", PARTICIPANT),
    Row("GET", "/account/password/new", PARTICIPANT),
    Row(
        "POST",
        "/account/password",
        "in gone . . in in . .",
        body={"account_id": "{account}", "setup": "x"},
    ),
    Row("POST", "/account/password/remove", PARTICIPANT, body={}),
    Row("GET", "/sign-in/password", OPEN),
    Row(
        "POST",
        "/sign-in/password",
        "bad bad bad bad bad bad bad bad",
        body={"card": "{card_digits}", "password": "x"},
    ),
    Row("GET", "/recover", OPEN),
    Row("POST", "/recover", "bad bad bad bad bad bad bad bad", body={"card": "{card_digits}"}),
    Row("GET", "/recover/passkey", OPEN),
    Row("POST", "/recover/passkey/options", TICKET, body={}),
    Row("POST", "/recover/passkey", TICKET, body={}),
    Row("GET", "/support/recovery", SUPPORT),
    Row("POST", "/support/recovery", "in . . bad in in . .", body={"card": "{card_digits}"}),
    Row(
        "POST",
        "/support/recovery/{participant_id}/{recovery_id}/confirm",
        HIS_PAGE,
        "/support/recovery/{taro}/{case}/confirm",
        {},
    ),
    Row("GET", "/account/sessions", EVERYONE, "/account/sessions?account_id={account}"),
    Row(
        "POST",
        "/account/sessions/{session_id}/end",
        HIS_PAGE,
        "/account/sessions/{his_session}/end",
        {},
    ),
    Row("POST", "/account/sessions/end-others", EVERYONE, body={}),
    Row("GET", "/step-up", EVERYONE, "/step-up?next=/access-log"),
    Row("POST", "/step-up/options", EVERYONE, body={}),
    Row("POST", "/step-up/verify", BAD_PROOF, body={}),
    # A participant's own pages
    Row("GET", "/home", PARTICIPANT, "/home?participant_id={taro}"),
    Row("GET", "/disclosure", PARTICIPANT, "/disclosure?participant_id={taro}"),
    Row(
        "POST",
        "/disclosure/save",
        PARTICIPANT,
        body={
            "change": '[{"kind": "facility", "facility_id": "{clinic}", "on": true}]',
            "version": "0",
            "participant_id": "{taro}",
        },
    ),
    Row(
        "GET", "/disclosure/facilities", PARTICIPANT, "/disclosure/facilities?participant_id={taro}"
    ),
    Row(
        "GET",
        "/disclosure/facilities/{facility_id}",
        PARTICIPANT,
        "/disclosure/facilities/{clinic}",
    ),
    Row(
        "POST",
        "/disclosure/facilities/{facility_id}",
        PARTICIPANT,
        "/disclosure/facilities/{clinic}",
        {"version": "0", "until": "open", "participant_id": "{taro}"},
    ),
    Row(
        "GET",
        "/disclosure/facilities/{facility_id}/categories",
        PARTICIPANT,
        "/disclosure/facilities/{clinic}/categories",
    ),
    Row("GET", "/disclosure/see-as", PARTICIPANT, "/disclosure/see-as?participant_id={taro}"),
    Row(
        "GET",
        "/disclosure/see-as/people/{professional_id}",
        PARTICIPANT,
        "/disclosure/see-as/people/{doctor}?participant_id={taro}",
    ),
    Row(
        "GET",
        "/disclosure/see-as/facilities/{facility_id}",
        PARTICIPANT,
        "/disclosure/see-as/facilities/{clinic}",
    ),
    Row(
        "POST",
        "/disclosure/confirm",
        PARTICIPANT,
        body={"change": '[{"kind":"region","code":"aso","on":true}]', "version": 0},
    ),
    Row("GET", "/disclosure/areas", PARTICIPANT),
    Row("GET", "/disclosure/areas/{code}", PARTICIPANT, "/disclosure/areas/aso"),
    Row("GET", "/disclosure/professions", PARTICIPANT),
    Row("GET", "/disclosure/categories", PARTICIPANT),
    Row("GET", "/disclosure/people", PARTICIPANT, "/disclosure/people?facility={clinic}"),
    Row("GET", "/disclosure/people/{professional_id}", PARTICIPANT, "/disclosure/people/{doctor}"),
    Row(
        "POST",
        "/disclosure/people/{professional_id}",
        PARTICIPANT,
        "/disclosure/people/{doctor}",
        {"version": "0", "until": "open", "participant_id": "{taro}"},
    ),
    Row("GET", "/disclosure/teams", PARTICIPANT),
    Row(
        "POST",
        "/disclosure/teams",
        PARTICIPANT,
        body={"version": "0", "name": "T", "professional_id": "{doctor}"},
    ),
    Row("GET", "/disclosure/teams/{team_id}", HIS_PAGE, "/disclosure/teams/{taro}"),
    Row(
        "POST",
        "/disclosure/teams/{team_id}",
        HIS_PAGE,
        "/disclosure/teams/{taro}",
        {"version": "0", "name": "T"},
    ),
    Row("GET", "/disclosure/details", PARTICIPANT),
    Row(
        "POST",
        "/disclosure/details",
        PARTICIPANT,
        body={"version": "0", "outcome": "deny", "category": "lab", "source": "{clinic}"},
    ),
    Row("GET", "/disclosure/new-facilities", PARTICIPANT),
    Row("GET", "/disclosure/research", PARTICIPANT),
    Row(
        "POST",
        "/disclosure/undo",
        PARTICIPANT,
        body={"version": "0", "participant_id": "{taro}"},
    ),
    Row("GET", "/disclosure/receipts", PARTICIPANT),
    Row("GET", "/disclosure/receipts/{version}", "in . . . in in . .", "/disclosure/receipts/999"),
    Row("GET", "/disclosure/participation", PARTICIPANT),
    Row(
        "POST",
        "/disclosure/participation/records",
        PARTICIPANT,
        body={"wish": "earlier", "participant_id": "{taro}"},
    ),
    Row("GET", "/disclosure/scheme", NO_CHOICE),
    Row("GET", "/disclosure/residence", PARTICIPANT, "/disclosure/residence?changed=1"),
    Row(
        "POST",
        "/disclosure/residence",
        PARTICIPANT,
        body={"wish": "now", "version": "0", "region": "aso", "participant_id": "{taro}"},
    ),
    Row("GET", "/participation/terms", PARTICIPANT),
    Row(
        "POST",
        "/participation/terms",
        PARTICIPANT,
        body={"answer": "accept", "version": "2026-11", "participant_id": "{taro}"},
    ),
    Row("GET", "/participation/papers/{paper_id}", HIS_PAGE, "/participation/papers/{case}"),
    Row(
        "POST",
        "/disclosure/participation",
        PARTICIPANT,
        body={"state": "participating", "participant_id": "{taro}"},
    ),
    Row("GET", "/disclosure/desk-code", PARTICIPANT),
    Row("POST", "/disclosure/desk-code", PARTICIPANT, body={"participant_id": "{taro}"}),
    Row("POST", "/disclosure/desk-code/cancel", PARTICIPANT, body={"participant_id": "{taro}"}),
    Row("GET", "/disclosure/requests", PARTICIPANT, "/disclosure/requests?participant_id={taro}"),
    Row(
        "POST",
        "/disclosure/requests/{request_id}/approve",
        HIS_ANSWER,
        "/disclosure/requests/{request}/approve",
        {"whom": "facility", "days": "7"},
    ),
    Row(
        "POST",
        "/disclosure/requests/{request_id}/refuse",
        HIS_ANSWER,
        "/disclosure/requests/{request}/refuse",
        {"participant_id": "{taro}"},
    ),
    Row(
        "POST",
        "/disclosure/agreed/{provision_id}/end",
        PARTICIPANT,
        "/disclosure/agreed/1/end",
        {"participant_id": "{taro}"},
    ),
    Row("GET", "/records", PARTICIPANT, "/records?participant_id={taro}"),
    Row("GET", "/records/summary", PARTICIPANT, "/records/summary?participant_id={taro}"),
    Row("GET", "/records/summary/file", PARTICIPANT, "/records/summary/file?patient={taro}"),
    Row("GET", "/records/{record_id}", HIS_PAGE, "/records/{record}"),
    Row("GET", "/records/{record_id}/accesses", HIS_PAGE, "/records/{record}/accesses"),
    Row(
        "POST",
        "/records/{record_id}/choices",
        HIS_PAGE,
        "/records/{record}/choices",
        {"act": "hide", "version": "0"},
    ),
    Row("GET", "/records/{record_id}/share", HIS_PAGE, "/records/{record}/share?q="),
    Row(
        "POST",
        "/records/{record_id}/share",
        HIS_PAGE,
        "/records/{record}/share",
        {"to": "facility:{clinic}", "until": "2099-01-01", "version": "0"},
    ),
    Row("GET", "/records/incoming", PARTICIPANT, "/records/incoming?participant_id={taro}"),
    Row(
        "POST",
        "/records/incoming",
        PARTICIPANT,
        body={"level": "restricted", "version": "0", "participant_id": "{taro}"},
    ),
    Row("POST", "/records/undo", PARTICIPANT, body={"version": "0", "participant_id": "{taro}"}),
    # A checkup file of one's own
    Row("GET", "/records/checkup-file", PARTICIPANT, "/records/checkup-file?kept={record}"),
    Row("POST", "/records/checkup-file", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row(
        "POST",
        "/records/checkup-file/keep",
        "in bad . . in in . .",
        body={"content": "eA==", "participant_id": "{taro}"},
    ),
    Row(
        "GET",
        "/records/checkup-file/{document_id}/remove",
        HIS_PAGE,
        "/records/checkup-file/{record}/remove",
    ),
    Row(
        "POST",
        "/records/checkup-file/{document_id}/remove",
        HIS_PAGE,
        "/records/checkup-file/{record}/remove",
        {},
    ),
    Row("GET", "/book", PARTICIPANT, "/book?participant_id={taro}"),
    Row("GET", "/me/books", PARTICIPANT, "/me/books?participant_id={taro}"),
    # One's own measurements
    Row("GET", "/me/vitals", PARTICIPANT, "/me/vitals?participant_id={taro}"),
    Row("POST", "/me/vitals", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("PUT", "/me/vitals/{entry_id}", HIS_PAGE, "/me/vitals/{record}", A_WEIGHT | {"version": 1}),
    Row("DELETE", "/me/vitals/{entry_id}", HIS_PAGE, "/me/vitals/{record}"),
    Row("POST", "/me/vitals/batches", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("GET", "/me/vitals/summary", PARTICIPANT, "/me/vitals/summary?kind=weight"),
    Row("POST", "/me/vitals/import/preview", "in bad . . in in . .", body={}),
    Row("POST", "/me/vitals/import", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("DELETE", "/me/vitals/import/{import_id}", HIS_PAGE, "/me/vitals/import/{record}"),
    Row("GET", "/book/vitals", PARTICIPANT, "/book/vitals?saved={record}"),
    Row("POST", "/book/vitals", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("POST", "/book/vitals/undo", HIS_PAGE, body={"ids": "{record}"}),
    Row("GET", "/book/vitals/kinds/{name}", PARTICIPANT, "/book/vitals/kinds/weight"),
    Row("GET", "/book/vitals/month", PARTICIPANT, "/book/vitals/month?month={month}"),
    Row("GET", "/book/vitals/{entry_id}/correct", HIS_PAGE, "/book/vitals/{record}/correct"),
    Row("POST", "/book/vitals/{entry_id}/correct", HIS_PAGE, "/book/vitals/{record}/correct", {}),
    Row("GET", "/book/vitals/{entry_id}/remove", HIS_PAGE, "/book/vitals/{record}/remove"),
    Row("POST", "/book/vitals/{entry_id}/remove", HIS_PAGE, "/book/vitals/{record}/remove", {}),
    Row("GET", "/book/vitals/file", PARTICIPANT),
    Row("POST", "/book/vitals/file", "in bad . . in in . .", body={}),
    Row("POST", "/book/vitals/file/keep", "in bad . . in in . .", body={"content": "?"}),
    Row(
        "POST", "/book/vitals/file/{book}/remove", HIS_PAGE, "/book/vitals/file/{record}/remove", {}
    ),
    Row("GET", "/me/checkup-files", PARTICIPANT, "/me/checkup-files?participant_id={taro}"),
    Row("POST", "/me/checkup-files/preview", "in bad . . in in . .", body={}),
    Row("POST", "/me/checkup-files", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("DELETE", "/me/checkup-files/{document_id}", HIS_PAGE, "/me/checkup-files/{record}"),
    # The notebook and the wishes of one's own
    *notebook_rows(),
    *wish_rows(),
    # Checkups side by side
    Row("GET", "/book/checkups", PARTICIPANT, "/book/checkups?participant_id={taro}"),
    Row("GET", "/book/checkups/{checkup_id}", HIS_PAGE, "/book/checkups/{record}"),
    Row("GET", "/book/checkups/trends/{item}", PARTICIPANT, "/book/checkups/trends/waist"),
    Row("GET", "/book/checkups/new", PARTICIPANT),
    Row("POST", "/book/checkups/new", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("GET", "/book/checkups/{checkup_id}/edit", HIS_PAGE, "/book/checkups/{record}/edit"),
    Row(
        "POST",
        "/book/checkups/{checkup_id}/edit",
        HIS_PAGE,
        "/book/checkups/{record}/edit",
        body={"on": "2024-05-20", "waist": "88", "version": "1"},
    ),
    Row("GET", "/book/checkups/{checkup_id}/remove", HIS_PAGE, "/book/checkups/{record}/remove"),
    Row(
        "POST",
        "/book/checkups/{checkup_id}/remove",
        HIS_PAGE,
        "/book/checkups/{record}/remove",
        body={},
    ),
    Row("GET", "/me/checkups", PARTICIPANT, "/me/checkups?participant_id={taro}"),
    Row("GET", "/me/checkups/{checkup_id}", HIS_PAGE, "/me/checkups/{record}"),
    Row("GET", "/me/checkups/trends/{item}", PARTICIPANT, "/me/checkups/trends/waist"),
    Row("POST", "/me/checkups", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row(
        "PUT",
        "/me/checkups/{checkup_id}",
        HIS_PAGE,
        "/me/checkups/{record}",
        body={"on": "2024-05-20", "values": {"waist": "88"}, "version": 1},
    ),
    Row("DELETE", "/me/checkups/{checkup_id}", HIS_PAGE, "/me/checkups/{record}"),
    # Children's books
    Row("GET", "/book/children", PARTICIPANT, "/book/children?participant_id={taro}"),
    Row("GET", "/book/children/new", PARTICIPANT, "/book/children/new?whose=self"),
    Row("POST", "/book/children/new", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("GET", "/book/children/{book_id}", HIS_PAGE, "/book/children/{record}"),
    Row("GET", "/book/children/{book_id}/growth", HIS_PAGE, "/book/children/{record}/growth"),
    Row("GET", "/book/children/{book_id}/change", HIS_PAGE, "/book/children/{record}/change"),
    Row("GET", "/book/children/{book_id}/remove", HIS_PAGE, "/book/children/{record}/remove"),
    Row("GET", "/book/children/{book_id}/hand-over", HIS_PAGE, "/book/children/{record}/hand-over"),
    Row("POST", "/book/children/{book_id}/change", HIS_PAGE, "/book/children/{record}/change", {}),
    Row("POST", "/book/children/{book_id}/remove", HIS_PAGE, "/book/children/{record}/remove", {}),
    Row(
        "POST",
        "/book/children/{book_id}/hand-over",
        HIS_PAGE,
        "/book/children/{record}/hand-over",
        {},
    ),
    Row(
        "POST",
        "/book/children/{book_id}/hand-over/call-off",
        PARTICIPANT,
        "/book/children/{record}/hand-over/call-off",
        {},
    ),
    Row(
        "GET", "/book/children/{book_id}/growth/new", HIS_PAGE, "/book/children/{record}/growth/new"
    ),
    Row(
        "POST",
        "/book/children/{book_id}/growth/new",
        HIS_PAGE,
        "/book/children/{record}/growth/new",
        {},
    ),
    Row(
        "GET",
        "/book/children/{book_id}/growth/{entry_id}",
        HIS_PAGE,
        "/book/children/{record}/growth/{record}",
    ),
    Row(
        "POST",
        "/book/children/{book_id}/growth/{entry_id}",
        HIS_PAGE,
        "/book/children/{record}/growth/{record}",
        {},
    ),
    Row(
        "GET",
        "/book/children/{book_id}/growth/{entry_id}/remove",
        HIS_PAGE,
        "/book/children/{record}/growth/{record}/remove",
    ),
    Row(
        "POST",
        "/book/children/{book_id}/growth/{entry_id}/remove",
        HIS_PAGE,
        "/book/children/{record}/growth/{record}/remove",
        {},
    ),
    Row(
        "GET",
        "/book/children/{book_id}/checkup/new",
        HIS_PAGE,
        "/book/children/{record}/checkup/new",
    ),
    Row(
        "POST",
        "/book/children/{book_id}/checkup/new",
        HIS_PAGE,
        "/book/children/{record}/checkup/new",
        {},
    ),
    Row(
        "GET",
        "/book/children/{book_id}/checkup/{entry_id}",
        HIS_PAGE,
        "/book/children/{record}/checkup/{record}",
    ),
    Row(
        "POST",
        "/book/children/{book_id}/checkup/{entry_id}",
        HIS_PAGE,
        "/book/children/{record}/checkup/{record}",
        {},
    ),
    Row(
        "GET",
        "/book/children/{book_id}/checkup/{entry_id}/remove",
        HIS_PAGE,
        "/book/children/{record}/checkup/{record}/remove",
    ),
    Row(
        "POST",
        "/book/children/{book_id}/checkup/{entry_id}/remove",
        HIS_PAGE,
        "/book/children/{record}/checkup/{record}/remove",
        {},
    ),
    Row(
        "GET",
        "/book/children/{book_id}/milestone/new",
        HIS_PAGE,
        "/book/children/{record}/milestone/new",
    ),
    Row(
        "POST",
        "/book/children/{book_id}/milestone/new",
        HIS_PAGE,
        "/book/children/{record}/milestone/new",
        {},
    ),
    Row(
        "GET",
        "/book/children/{book_id}/milestone/{entry_id}",
        HIS_PAGE,
        "/book/children/{record}/milestone/{record}",
    ),
    Row(
        "POST",
        "/book/children/{book_id}/milestone/{entry_id}",
        HIS_PAGE,
        "/book/children/{record}/milestone/{record}",
        {},
    ),
    Row(
        "GET",
        "/book/children/{book_id}/milestone/{entry_id}/remove",
        HIS_PAGE,
        "/book/children/{record}/milestone/{record}/remove",
    ),
    Row(
        "POST",
        "/book/children/{book_id}/milestone/{entry_id}/remove",
        HIS_PAGE,
        "/book/children/{record}/milestone/{record}/remove",
        {},
    ),
    Row("GET", "/book/children/take", PARTICIPANT),
    Row("POST", "/book/children/take", "in bad . . in in . .", body={"code": "1234"}),
    Row("POST", "/book/children/take/now", "in bad . . in in . .", body={"code": "1234"}),
    Row("GET", "/me/children", PARTICIPANT, "/me/children?participant_id={taro}"),
    Row("POST", "/me/children", "in bad . . in in . .", body={"fields": {"on": "2026-01-01"}}),
    Row("GET", "/me/children/{book_id}", HIS_PAGE, "/me/children/{record}"),
    Row(
        "PUT",
        "/me/children/{book_id}",
        HIS_PAGE,
        "/me/children/{record}",
        {"fields": {"on": "2026-01-01"}},
    ),
    Row("DELETE", "/me/children/{book_id}", HIS_PAGE, "/me/children/{record}"),
    Row(
        "POST",
        "/me/children/{book_id}/entries/{what}",
        HIS_PAGE,
        "/me/children/{record}/entries/growth",
        {"fields": {"on": "2026-01-01"}},
    ),
    Row(
        "PUT",
        "/me/children/{book_id}/entries/{what}/{entry_id}",
        HIS_PAGE,
        "/me/children/{record}/entries/growth/{record}",
        {"fields": {"on": "2026-01-01"}},
    ),
    Row(
        "DELETE",
        "/me/children/{book_id}/entries/{what}/{entry_id}",
        HIS_PAGE,
        "/me/children/{record}/entries/growth/{record}",
    ),
    Row("GET", "/me/children/{book_id}/offer", HIS_PAGE, "/me/children/{record}/offer"),
    Row("POST", "/me/children/{book_id}/offer", HIS_PAGE, "/me/children/{record}/offer", {}),
    Row(
        "DELETE",
        "/me/children/{book_id}/offer",
        "in ok . . in in . .",
        "/me/children/{record}/offer",
    ),
    Row("POST", "/me/children/take/preview", "in bad . . in in . .", body={"code": "1234"}),
    Row("POST", "/me/children/take", "in bad . . in in . .", body={"code": "000000000000"}),
    # Taking everything out, and bringing it in elsewhere
    Row("GET", "/me/exports", PARTICIPANT, "/me/exports?participant_id={taro}"),
    Row("POST", "/me/exports", PARTICIPANT, body={}),
    Row("GET", "/me/exports/{export_id}", HIS_PAGE, "/me/exports/{record}"),
    Row("GET", "/me/exports/{export_id}/{form}", HIS_PAGE, "/me/exports/{record}/fhir"),
    Row("DELETE", "/me/exports/{export_id}", HIS_PAGE, "/me/exports/{record}"),
    Row("GET", "/book/out", PARTICIPANT, "/book/out?participant_id={taro}"),
    Row("POST", "/book/out", PARTICIPANT, body={"participant_id": "{taro}"}),
    Row("GET", "/book/out/{export_id}/{form}", HIS_PAGE, "/book/out/{record}/pdf"),
    Row("POST", "/book/out/{export_id}/cancel", HIS_PAGE, "/book/out/{record}/cancel", {}),
    Row("GET", "/me/imports", PARTICIPANT, "/me/imports?participant_id={taro}"),
    Row("POST", "/me/imports", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("GET", "/me/imports/{import_id}", HIS_PAGE, "/me/imports/{record}"),
    Row("POST", "/me/imports/{import_id}/keep", HIS_PAGE, "/me/imports/{record}/keep", {}),
    Row("DELETE", "/me/imports/{import_id}", HIS_PAGE, "/me/imports/{record}"),
    Row("GET", "/book/bring-in", PARTICIPANT, "/book/bring-in?participant_id={taro}"),
    Row("POST", "/book/bring-in", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("GET", "/book/bring-in/{import_id}", HIS_PAGE, "/book/bring-in/{record}"),
    Row("POST", "/book/bring-in/{import_id}/keep", HIS_PAGE, "/book/bring-in/{record}/keep", {}),
    Row(
        "POST",
        "/book/bring-in/{import_id}/cancel",
        HIS_PAGE,
        "/book/bring-in/{record}/cancel",
        {},
    ),
    # Closing the account: never somebody else's
    Row("GET", "/me/closing", HIS_PAGE, "/me/closing?participant_id={taro}"),
    Row("POST", "/me/closing", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("DELETE", "/me/closing", PARTICIPANT, "/me/closing?participant_id={taro}"),
    Row("GET", "/account/closing", PARTICIPANT, "/account/closing?participant_id={taro}"),
    Row("POST", "/account/closing", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("POST", "/account/closing/call-off", PARTICIPANT, body={}),
    Row("GET", "/closing-certificate", OPEN),
    Row("POST", "/closing-certificate", NO_CODE, body={"code": "0123-4567-89AB-CDEF"}),
    # The record of a pregnancy
    Row("GET", "/book/pregnancy", PARTICIPANT, "/book/pregnancy?participant_id={taro}"),
    Row("GET", "/book/pregnancy/earlier", PARTICIPANT),
    Row("GET", "/book/pregnancy/new", PARTICIPANT),
    Row("POST", "/book/pregnancy/new", "in bad . . in in . .", body={"participant_id": "{taro}"}),
    Row("GET", "/book/pregnancy/visits/new", PARTICIPANT),
    *(
        Row(
            "GET",
            f"/book/pregnancy/{{pregnancy_id}}{way}",
            HIS_PAGE,
            f"/book/pregnancy/{{record}}{way}",
        )
        for way in ("", "/schedule", "/charts", "/dates", "/close", "/closed", "/remove")
    ),
    *(
        Row(
            "POST",
            f"/book/pregnancy/{{pregnancy_id}}{way}",
            HIS_PAGE,
            f"/book/pregnancy/{{record}}{way}",
            {"edd": "2026-10-08"},
        )
        for way in ("/dates", "/close", "/reopen", "/remove")
    ),
    *(
        Row(
            method,
            "/book/pregnancy/{pregnancy_id}/new/{kind}",
            HIS_PAGE,
            "/book/pregnancy/{record}/new/visit",
            {"weight": "55"} if method == "POST" else None,
        )
        for method in ("GET", "POST")
    ),
    *(
        Row(
            method,
            f"/book/pregnancy/{{pregnancy_id}}/entries/{{entry_id}}{way}",
            HIS_PAGE,
            f"/book/pregnancy/{{record}}/entries/{{record}}{way}",
            {"weight": "55"} if method == "POST" else None,
        )
        for method in ("GET", "POST")
        for way in ("", "/remove")
    ),
    Row("GET", "/me/pregnancies", PARTICIPANT, "/me/pregnancies?participant_id={taro}"),
    Row("POST", "/me/pregnancies", "in bad . . in in . .", body={"fields": {}}),
    Row("GET", "/me/pregnancies/{pregnancy_id}", HIS_PAGE, "/me/pregnancies/{record}"),
    Row(
        "PUT",
        "/me/pregnancies/{pregnancy_id}",
        HIS_PAGE,
        "/me/pregnancies/{record}",
        {"fields": {"edd": "2026-10-08"}, "version": 1},
    ),
    Row("DELETE", "/me/pregnancies/{pregnancy_id}", HIS_PAGE, "/me/pregnancies/{record}"),
    *(
        Row(
            "POST",
            f"/me/pregnancies/{{pregnancy_id}}{way}",
            HIS_PAGE,
            f"/me/pregnancies/{{record}}{way}",
            {},
        )
        for way in ("/close", "/reopen")
    ),
    Row(
        "POST",
        "/me/pregnancies/{pregnancy_id}/entries",
        HIS_PAGE,
        "/me/pregnancies/{record}/entries",
        {"kind": "visit", "fields": {"on": "2026-05-01", "weight": "55"}},
    ),
    Row(
        "PUT",
        "/me/pregnancies/{pregnancy_id}/entries/{entry_id}",
        HIS_PAGE,
        "/me/pregnancies/{record}/entries/{record}",
        {"kind": "visit", "fields": {"on": "2026-05-01", "weight": "55"}, "version": 1},
    ),
    Row(
        "DELETE",
        "/me/pregnancies/{pregnancy_id}/entries/{entry_id}",
        HIS_PAGE,
        "/me/pregnancies/{record}/entries/{record}",
    ),
    # Vaccines: one's own, and a child's
    *(
        Row("GET", f"/book/vaccines{way}", PARTICIPANT, f"/book/vaccines{way}?book_id={{record}}")
        for way in ("", "/table", "/new")
    ),
    Row("POST", "/book/vaccines/new", "in bad . . in in . .", body={"vaccine": "bcg"}),
    *(
        Row(
            method,
            f"/book/vaccines/{{entry_id}}{way}",
            HIS_PAGE,
            f"/book/vaccines/{{record}}{way}",
            _DOSE if method == "POST" else None,
        )
        for method in ("GET", "POST")
        for way in ("", "/remove")
    ),
    *(
        Row(
            "GET",
            f"/book/children/{{book_id}}/vaccines{way}",
            HIS_PAGE,
            f"/book/children/{{record}}/vaccines{way}",
        )
        for way in ("", "/table", "/new")
    ),
    Row(
        "POST",
        "/book/children/{book_id}/vaccines/new",
        HIS_PAGE,
        "/book/children/{record}/vaccines/new",
        _DOSE,
    ),
    *(
        Row(
            method,
            f"/book/children/{{book_id}}/vaccines/{{entry_id}}{way}",
            HIS_PAGE,
            f"/book/children/{{record}}/vaccines/{{record}}{way}",
            _DOSE if method == "POST" else None,
        )
        for method in ("GET", "POST")
        for way in ("", "/remove")
    ),
    Row("GET", "/me/immunizations", PARTICIPANT, "/me/immunizations?participant_id={taro}"),
    Row("POST", "/me/immunizations", "in bad . . in in . .", body={"vaccine": "", "on": ""}),
    Row("PUT", "/me/immunizations/{entry_id}", HIS_PAGE, "/me/immunizations/{record}", _DOSE),
    Row("DELETE", "/me/immunizations/{entry_id}", HIS_PAGE, "/me/immunizations/{record}"),
    Row(
        "GET",
        "/me/children/{book_id}/immunizations",
        HIS_PAGE,
        "/me/children/{record}/immunizations",
    ),
    Row(
        "POST",
        "/me/children/{book_id}/immunizations",
        HIS_PAGE,
        "/me/children/{record}/immunizations",
        _DOSE,
    ),
    *(
        Row(
            method,
            "/me/children/{book_id}/immunizations/{entry_id}",
            HIS_PAGE,
            "/me/children/{record}/immunizations/{record}",
            _DOSE if method == "PUT" else None,
        )
        for method in ("PUT", "DELETE")
    ),
    # What a facility without a system writes
    Row("GET", "/clinic/write", PROFESSIONAL),
    Row(
        "POST",
        "/clinic/write",
        HIS_PAGE,
        body={
            "by": "card",
            "card": "{card_digits}",
            "birth_year": "1950",
            "birth_month": "1",
            "birth_day": "1",
        },
    ),
    *(
        Row(
            method,
            f"/clinic/participants/{{participant_id}}/entries{end}",
            HIS_PAGE,
            f"/clinic/participants/{{taro}}/entries{path}",
            body,
        )
        for method, end, path, body in (
            ("GET", "", "", None),
            ("GET", "/new/{kind}", "/new/note", None),
            (
                "POST",
                "/new/{kind}",
                "/new/note",
                {"on": "2026-01-01", "topic": "visit", "text": "X"},
            ),
            ("GET", "/{entry_id}", "/{record}", None),
            ("GET", "/{entry_id}/correct", "/{record}/correct", None),
            (
                "POST",
                "/{entry_id}/correct",
                "/{record}/correct",
                {"kind": "note", "on": "2026-01-01", "topic": "visit", "text": "X", "version": "1"},
            ),
            ("GET", "/{entry_id}/withdraw", "/{record}/withdraw", None),
            ("POST", "/{entry_id}/withdraw", "/{record}/withdraw", {"version": "1"}),
        )
    ),
    Row("GET", "/access-log", PARTICIPANT, "/access-log?participant_id={taro}"),
    Row(
        "POST",
        "/access-log/export",
        PARTICIPANT,
        body={"format": "csv", "participant_id": "{taro}"},
    ),
    Row("GET", "/access-log/questions", PARTICIPANT, "/access-log/questions?participant_id={taro}"),
    Row(
        "GET",
        "/access-log/{number}/question",
        PARTICIPANT,
        "/access-log/1/question?participant_id={taro}",
    ),
    Row(
        "POST",
        "/access-log/{number}/question",
        HIS_PAGE,
        "/access-log/999999/question",
        {"reason": "not_mine", "participant_id": "{taro}"},
    ),
    Row(
        "POST",
        "/access-log/{number}/question/settle",
        HIS_PAGE,
        "/access-log/999999/question/settle",
        {"participant_id": "{taro}"},
    ),
    Row(
        "POST",
        "/access-log/{number}/question/reopen",
        HIS_PAGE,
        "/access-log/999999/question/reopen",
        {"words": "x", "participant_id": "{taro}"},
    ),
    Row(
        "GET",
        "/access-log/months/{month}",
        PARTICIPANT,
        "/access-log/months/{month}?participant_id={taro}",
    ),
    Row("GET", "/access-log/by-file", PARTICIPANT, "/access-log/by-file?participant_id={taro}"),
    Row("GET", "/access-log/{number}", HIS_PAGE, "/access-log/1?participant_id={taro}"),
    Row("GET", "/inbox", PARTICIPANT, "/inbox?participant_id={taro}"),
    Row("GET", "/help", PARTICIPANT),
    Row("POST", "/help/call-back", PARTICIPANT, body={"phone": "0961234567"}),
    # Proxies
    Row("GET", "/proxies", PARTICIPANT, "/proxies?participant_id={taro}"),
    Row("GET", "/proxies/new", PARTICIPANT),
    Row("POST", "/proxies/new", "in bad . . in in . .", body={"card": "{card_digits}"}),
    Row("GET", "/proxies/{proxy_id}", HIS_PAGE, "/proxies/{case}"),
    Row("POST", "/proxies/{proxy_id}/accept", HIS_PAGE, "/proxies/{case}/accept", {}),
    Row("POST", "/proxies/{proxy_id}/narrow", HIS_PAGE, "/proxies/{case}/narrow", {}),
    Row("POST", "/proxies/{proxy_id}/end", HIS_PAGE, "/proxies/{case}/end", {}),
    Row("POST", "/proxies/{proxy_id}/again", HIS_PAGE, "/proxies/{case}/again", {}),
    Row("POST", "/proxies/{proxy_id}/resume", HIS_PAGE, "/proxies/{case}/resume", {}),
    Row("GET", "/proxies/private", PARTICIPANT),
    Row("POST", "/proxies/private", PARTICIPANT, body={}),
    Row("POST", "/acting", HIS_PAGE, body={"principal": "{taro}"}),
    Row("POST", "/acting/myself", PARTICIPANT, body={}),
    Row("GET", "/me/proxies", PARTICIPANT),
    Row(
        "POST",
        "/me/proxies",
        "in bad . . in in . .",
        body={"card": "1", "name": "x", "powers": ["view"]},
    ),
    Row(
        "POST",
        "/me/proxies/{proxy_id}/acceptance",
        HIS_PAGE,
        "/me/proxies/{case}/acceptance",
        {},
    ),
    Row(
        "POST",
        "/me/proxies/{proxy_id}/narrowing",
        HIS_PAGE,
        "/me/proxies/{case}/narrowing",
        {"powers": ["view"]},
    ),
    Row("POST", "/me/proxies/{proxy_id}/end", HIS_PAGE, "/me/proxies/{case}/end", {}),
    Row("POST", "/me/proxies/{proxy_id}/renewal", HIS_PAGE, "/me/proxies/{case}/renewal", {}),
    Row("POST", "/me/proxies/{proxy_id}/resumption", HIS_PAGE, "/me/proxies/{case}/resumption", {}),
    Row("POST", "/me/safe-mode", PARTICIPANT, body={}),
    Row("GET", "/support/proxies", SUPPORT),
    Row("POST", "/support/proxies", "in . . bad in in . .", body={}),
    Row("POST", "/support/proxies/card", "in . . bad in in . .", body={"card": "{card_digits}"}),
    Row("POST", "/support/proxies/safe-mode", "in . . bad in in . .", body={}),
    Row(
        "POST",
        "/support/proxies/{participant_id}/{proxy_id}/confirm",
        HIS_PAGE,
        "/support/proxies/{taro}/{case}/confirm",
        {},
    ),
    Row(
        "POST",
        "/support/proxies/{participant_id}/{proxy_id}/refuse",
        HIS_PAGE,
        "/support/proxies/{taro}/{case}/refuse",
        {},
    ),
    # Professionals
    Row("GET", "/clinic", PROFESSIONAL),
    Row("POST", "/clinic/find", HIS_PAGE, body={"by": "card", "card": "{card_digits}"}),
    Row("POST", "/clinic/find", HIS_PAGE, body={"by": "local_id", "local_id": "{number_value}"}),
    Row("GET", "/clinic/participants/{participant_id}", HIS_PAGE, "/clinic/participants/{taro}"),
    *(
        Row(
            "GET",
            f"/clinic/participants/{{participant_id}}/{tab}",
            HIS_PAGE,
            f"/clinic/participants/{{taro}}/{tab}",
        )
        for tab in ("timeline", "labs", "vitals", "medication", "documents")
    ),
    *(
        Row(
            "GET",
            f"/clinic/participants/{{participant_id}}/records/{{record_id}}{part}",
            HIS_PAGE,
            f"/clinic/participants/{{taro}}/records/{{record}}{part.replace('{place}', '0')}",
        )
        for part in ("", "/original", "/attachments/{place}")
    ),
    # The same form and the same answer for everybody's id
    Row(
        "GET",
        "/clinic/participants/{participant_id}/ask",
        PROFESSIONAL,
        "/clinic/participants/{taro}/ask",
    ),
    Row(
        "POST",
        "/clinic/participants/{participant_id}/ask",
        "in . bad . in in . .",
        "/clinic/participants/{taro}/ask",
        {"days": "0"},
    ),
    Row("POST", "/clinic/ask/start", PROFESSIONAL, body={"card": "{card_digits}"}),
    Row("POST", "/clinic/desk-code", "in . bad . in in . .", body={"code": "1234"}),
    Row("GET", "/clinic/ask", PROFESSIONAL),
    Row("POST", "/clinic/ask", "in . bad . in in . .", body={"card": "1234"}),
    Row(
        "POST",
        "/clinic/notices/{notice_id}/seen",
        PROFESSIONAL,
        "/clinic/notices/{notice}/seen",
        {"facility_id": "{clinic}"},
    ),
    Row(
        "GET",
        "/clinic/participants/{participant_id}/hand-on",
        HIS_PAGE,
        "/clinic/participants/{taro}/hand-on",
    ),
    Row(
        "POST",
        "/clinic/participants/{participant_id}/hand-on/find",
        HIS_PAGE,
        "/clinic/participants/{taro}/hand-on/find",
        {"q": "{number_value}"},
    ),
    Row(
        "POST",
        "/clinic/participants/{participant_id}/hand-on",
        HIS_PAGE,
        "/clinic/participants/{taro}/hand-on",
        {"professional_id": "{account}", "days": "7", "reason": "referral"},
    ),
    Row("GET", "/me/profession", PROFESSIONAL),
    Row("POST", "/me/profession/challenge", PROFESSIONAL),
    Row("POST", "/me/profession", "in . bad . in in . .", body={}),
    Row("GET", "/account/profession", PROFESSIONAL),
    Row("POST", "/account/profession/challenge", PROFESSIONAL, body={}),
    Row("POST", "/account/profession", "in . bad . in in . .", body={}),
    # Invited to a facility's staff
    Row("POST", "/invitations", "bad bad bad bad bad bad bad bad", body={}),
    Row("GET", "/invitations/current", TICKET),
    Row("POST", "/invitations/current/passkey/options", TICKET),
    Row("POST", "/invitations/current/passkey", TICKET, body={}),
    Row("GET", "/join", OPEN),
    Row("POST", "/join", "bad bad bad bad bad bad bad bad", body={"code": "x"}),
    Row("GET", "/join/passkey", OPEN),
    Row("POST", "/join/passkey/options", TICKET, body={}),
    Row("POST", "/join/passkey", TICKET, body={}),
    # A facility's administrator: her own people, and nobody of the hospital where he is treated
    Row("GET", "/facility", FACILITY_ADMIN, "/facility?facility_id={clinic}"),
    Row("GET", "/facility/exports", FACILITY_ADMIN, "/facility/exports?facility_id={clinic}"),
    Row("POST", "/facility/exports", "in . . . in in . bad", body={}),
    Row(
        "POST",
        "/facility/exports/{export_id}/cancel",
        HIS_PAGE,
        "/facility/exports/{absent}/cancel",
        {},
    ),
    Row("GET", "/support/exports", SUPPORT),
    Row("GET", "/facility/invite", FACILITY_ADMIN),
    Row("POST", "/facility/invite", "in . . . in in . bad", body={}),
    Row("GET", "/facility/people/{professional_id}", FACILITY_ADMIN, "/facility/people/{doctor}"),
    Row("GET", "/facility/people/{professional_id}", HIS_PAGE, "/facility/people/{his_doctor}"),
    Row(
        "POST",
        "/facility/people/{professional_id}/invite",
        HIS_PAGE,
        "/facility/people/{his_doctor}/invite",
        {},
    ),
    Row(
        "POST",
        "/facility/people/{professional_id}/training",
        HIS_PAGE,
        "/facility/people/{his_doctor}/training",
        {"trained_on": "2026-04-01"},
    ),
    Row(
        "GET",
        "/facility/people/{professional_id}/leave",
        FACILITY_ADMIN,
        "/facility/people/{doctor}/leave",
    ),
    Row(
        "POST",
        "/facility/people/{professional_id}/leave",
        HIS_PAGE,
        "/facility/people/{his_doctor}/leave",
        {"facility_id": "{clinic}"},
    ),
    Row("GET", "/me/facility/people", FACILITY_ADMIN),
    Row("POST", "/me/facility/people", "in . . . in in . bad", body={}),
    Row(
        "GET",
        "/me/facility/people/{professional_id}",
        FACILITY_ADMIN,
        "/me/facility/people/{doctor}",
    ),
    Row(
        "GET",
        "/me/facility/people/{professional_id}",
        HIS_PAGE,
        "/me/facility/people/{his_doctor}",
    ),
    Row(
        "POST",
        "/me/facility/people/{professional_id}/invitation",
        HIS_PAGE,
        "/me/facility/people/{his_doctor}/invitation",
    ),
    Row(
        "PUT",
        "/me/facility/people/{professional_id}/training",
        HIS_PAGE,
        "/me/facility/people/{his_doctor}/training",
        {"trained_on": "2026-04-01"},
    ),
    Row(
        "POST",
        "/me/facility/people/{professional_id}/leaving",
        HIS_PAGE,
        "/me/facility/people/{his_doctor}/leaving",
    ),
    # Emergencies: Dr Satō's clinic has no emergency right, and no session is his
    Row("GET", "/clinic/emergency", PROFESSIONAL),
    Row(
        "POST",
        "/clinic/emergency",
        "in . bad . in in . .",
        body={"by": "card", "card": "{card_digits}", "reason": "unconscious", "words": "x"},
    ),
    Row("GET", "/clinic/emergency/{session_id}", HIS_PAGE, "/clinic/emergency/{case}"),
    Row(
        "POST",
        "/clinic/emergency/{session_id}/{deed}",
        HIS_PAGE,
        "/clinic/emergency/{case}/widen",
        {},
    ),
    Row("GET", "/account/emergency-ties", PROFESSIONAL),
    Row("POST", "/account/emergency-ties", PROFESSIONAL, body={"card": "{card_digits}"}),
    Row("GET", "/emergency/disasters", OPEN),
    Row("GET", "/support/disaster", SUPPORT),
    Row(
        "POST",
        "/support/disaster",
        "in . . bad in in . .",
        body={"region": "nowhere", "hours": "24", "words": "x"},
    ),
    Row("GET", "/support/disaster/{disaster_id}", HIS_PAGE, "/support/disaster/{case}"),
    Row(
        "POST",
        "/support/disaster/{disaster_id}/{deed}",
        HIS_PAGE,
        "/support/disaster/{case}/confirm",
        {},
    ),
    Row(
        "GET",
        "/clinic/emergency/{session_id}/records/{record_id}",
        HIS_PAGE,
        "/clinic/emergency/{case}/records/{record}",
    ),
    Row(
        "GET",
        "/clinic/emergency/{session_id}/records/{record_id}/attachments/{place}",
        HIS_PAGE,
        "/clinic/emergency/{case}/records/{record}/attachments/0",
    ),
    Row("GET", "/emergency/figures", OPEN),
    Row("GET", "/emergency/figures.csv", OPEN),
    Row("GET", "/support/emergency/figures", SUPPORT),
    # Nobody named by Tarō looks at an emergency of his
    Row("GET", "/proxies/viewings", PARTICIPANT),
    *(
        Row("GET", f"{path}{end}", HIS_PAGE, f"{path}{end}".format(**HIS_VIEWING))
        for path, ends in (
            (
                "/proxies/viewings/{session_id}",
                ("", "/{record_id}", "/{record_id}/attachments/{place}"),
            ),
            (
                "/me/nominations/viewings/{session_id}",
                ("/directives", "/directives/{record_id}"),
            ),
        )
        for end in ends
    ),
    Row("GET", "/me/nominations/viewings", PARTICIPANT),
    Row("GET", "/disclosure/emergency", PARTICIPANT),
    Row("POST", "/disclosure/emergency", PARTICIPANT, body={"kind": "allow"}),
    Row("GET", "/support/notices", SUPPORT),
    Row(
        "POST",
        "/support/notices/retry",
        HIS_PAGE,
        body={"participant": "{taro}", "notice": "{absent}", "channel": "mail"},
    ),
    Row(
        "POST",
        "/support/notices/call",
        HIS_PAGE,
        body={"participant": "{taro}", "notice": "{absent}", "channel": "mail"},
    ),
    Row("GET", "/notices/settings", PARTICIPANT, "/notices/settings?participant_id={taro}"),
    Row(
        "POST",
        "/notices/settings",
        PARTICIPANT,
        body={"what": "digest", "on": "yes", "participant_id": "{taro}"},
    ),
    Row("GET", "/me/notice-preferences", PARTICIPANT),
    Row("PATCH", "/me/notice-preferences", PARTICIPANT, body={"monthly_digest": True}),
    Row("GET", "/me/digests", PARTICIPANT, "/me/digests?participant_id={taro}"),
    Row(
        "POST",
        "/me/digests/{month}/answer",
        HIS_PAGE,
        "/me/digests/{month}/answer",
        {"answer": "nothing"},
    ),
    Row(
        "POST",
        "/access-log/months/{month}/answer",
        HIS_PAGE,
        "/access-log/months/{month}/answer",
        {"answer": "nothing"},
    ),
    Row("GET", "/support/emergency", SUPPORT),
    Row("GET", "/support/emergency/{session_id}", HIS_PAGE, "/support/emergency/{case}"),
    Row(
        "POST",
        "/support/emergency/{session_id}/{deed}",
        HIS_PAGE,
        "/support/emergency/{case}/justified",
        {"words": "x"},
    ),
    Row("GET", "/me/emergency", PARTICIPANT),
    Row("PUT", "/me/emergency", PARTICIPANT, body={"kind": "allow"}),
    Row("GET", "/me/emergency/sessions", PARTICIPANT),
    Row(
        "POST",
        "/emergency/sessions",
        NOT_IN_EMERGENCY,
        body={"reason": "unconscious", "words": "x", "card": "{card_digits}"},
    ),
    *(
        Row(
            method,
            f"/emergency/sessions/{{session_id}}{end}",
            NOT_IN_EMERGENCY,
            f"/emergency/sessions/{{case}}{at}",
            None if method == "GET" else {"reason": "x"} if end == "/hold" else {},
        )
        for method, end, at in (
            ("GET", "", ""),
            ("GET", "/records", "/records"),
            ("GET", "/records/{resource_type}", "/records/Condition"),
            ("POST", "/widened", "/widened"),
            ("POST", "/renewed", "/renewed"),
            ("POST", "/closed", "/closed"),
            ("POST", "/hold", "/hold"),
        )
    ),
    # The auditor
    Row("GET", "/auditor", AUDITOR),
    # The support centre
    Row("GET", "/support", SUPPORT),
    Row("GET", "/support/campaigns", SUPPORT),
    Row(
        "POST",
        "/support/campaigns",
        "in . . bad in in . .",
        body={"version": "2026-11", "answer_by": "2026-01-01"},
    ),
    Row(
        "POST",
        "/support/campaigns/{campaign_id}/call-off",
        HIS_PAGE,
        "/support/campaigns/{case}/call-off",
        {},
    ),
    Row("GET", "/support/papers", SUPPORT),
    Row("POST", "/support/papers", "in . . bad in in . .", body={}),
    Row("GET", "/support/papers/{import_id}", HIS_PAGE, "/support/papers/{case}"),
    Row(
        "GET",
        "/support/papers/{import_id}/report.csv",
        HIS_PAGE,
        "/support/papers/{case}/report.csv",
    ),
    Row("GET", "/support/professions", SUPPORT),
    Row(
        "POST",
        "/support/professions/{professional_id}/vouch",
        "in . . bad in in . .",
        "/support/professions/{his_doctor}/vouch",
        {"reason": "", "until": ""},
    ),
    Row(
        "POST",
        "/support/professions/{professional_id}/withdraw",
        HIS_PAGE,
        "/support/professions/{his_doctor}/withdraw",
        {},
    ),
    # His case waits for a call: no question of the log is behind it
    Row("GET", "/support/questions/{case_id}", HIS_PAGE, "/support/questions/{case}"),
    Row(
        "POST",
        "/support/questions/{case_id}/answer",
        HIS_PAGE,
        "/support/questions/{case}/answer",
        {"words": "x"},
    ),
    # Enrolling on paper, people who look alike, and the counter
    Row("GET", "/support/enrolments", SUPPORT),
    Row("GET", "/support/enrolments/new", SUPPORT),
    Row("POST", "/support/enrolments", "in . . bad in in . .", body={"card": "{card_digits}"}),
    Row("GET", "/support/enrolments/{enrolment_id}", HIS_PAGE, "/support/enrolments/{case}"),
    Row(
        "GET",
        "/support/enrolments/{enrolment_id}/scan",
        HIS_PAGE,
        "/support/enrolments/{case}/scan",
    ),
    Row(
        "POST",
        "/support/enrolments/{enrolment_id}/scan",
        "in . . bad in in . .",
        "/support/enrolments/{case}/scan",
        {},
    ),
    Row(
        "POST",
        "/support/enrolments/{enrolment_id}/confirm",
        HIS_PAGE,
        "/support/enrolments/{case}/confirm",
        {"join": "{taro}", "reason": "x"},
    ),
    Row(
        "POST",
        "/support/enrolments/{enrolment_id}/withdraw",
        HIS_PAGE,
        "/support/enrolments/{case}/withdraw",
        {},
    ),
    Row("GET", "/support/look-alikes", SUPPORT),
    Row(
        "POST",
        "/support/look-alikes/{participant_id}/{other_id}",
        HIS_PAGE,
        "/support/look-alikes/{taro}/{case}",
        {"decision": "same", "reason": "x"},
    ),
    Row("GET", "/support/counter", SUPPORT),
    Row("POST", "/support/counter", "in . . bad in in . .", body={"card": "{card_digits}"}),
    Row(
        "GET",
        "/support/counter/{participant_id}/{visit_id}",
        HIS_PAGE,
        "/support/counter/{taro}/{case}",
    ),
    *(
        Row(
            "POST",
            f"/support/counter/{{participant_id}}/{{visit_id}}/{act}",
            HIS_PAGE,
            f"/support/counter/{{taro}}/{{case}}/{act}",
            {"phone": "0967123456"},
        )
        for act in ("code", "proxies", "sessions", "withdrawal", "call", "end")
    ),
    Row(
        "POST",
        "/support/counter/{participant_id}/{visit_id}/merges/{merge_id}",
        HIS_PAGE,
        "/support/counter/{taro}/{case}/merges/{case}",
        {"reason": "窓口で会い、はいと答えた"},
    ),
    # Registering somebody of the family
    Row("GET", "/register/for-someone", PARTICIPANT),
    Row(
        "POST",
        "/register/for-someone",
        "in bad . . in in . .",
        body={"card": "{card_digits}"},
    ),
    Row("GET", "/register/for-someone/agree", PARTICIPANT),
    Row(
        "POST",
        "/register/for-someone/agree",
        "in gone . . in in . .",
        body={"agreed": "yes", "family": "child", "power_view": "yes"},
    ),
    Row("GET", "/register/for-someone/done", PARTICIPANT),
    Row("POST", "/me/family-registrations", "in bad . . in in . .", body={}),
    Row("POST", "/me/family-registrations/current", "in bad . . in in . .", body={}),
    Row(
        "POST",
        "/me/family-registrations/current",
        "in gone . . in in . .",
        body={
            "ticket": "x",
            "family": "child",
            "powers": ["view"],
            "terms_version": "2026-11",
            "has_agreed": True,
        },
    ),
    # Patient numbers, and what was given on enrolling
    Row("GET", "/me/patient-numbers", PARTICIPANT, "/me/patient-numbers?participant_id={taro}"),
    Row(
        "POST",
        "/me/patient-numbers/{link_id}/answer",
        HIS_ANSWER,
        "/me/patient-numbers/{case}/answer",
        {"answer": "linked"},
    ),
    Row(
        "POST",
        "/disclosure/desk-code/numbers/{link_id}",
        HIS_ANSWER,
        "/disclosure/desk-code/numbers/{case}",
        {"answer": "linked"},
    ),
    Row(
        "POST",
        "/clinic/participants/{participant_id}/number",
        HIS_PAGE,
        "/clinic/participants/{taro}/number",
        {"number": "12"},
    ),
    # Matching: who somebody is, the numbers facilities know one by, registrations that are one
    Row(
        "POST",
        "/fhir/R4/Patient/$match",
        HIS_RECORD,
        body={
            "resourceType": "Parameters",
            "parameter": [
                {
                    "name": "resource",
                    "resource": {
                        "resourceType": "Patient",
                        "identifier": [{"system": CARD, "value": "{card_digits}"}],
                    },
                }
            ],
        },
    ),
    Row(
        "GET",
        "/fhir/R4/Patient/$ihe-pix",
        READS,
        "/fhir/R4/Patient/$ihe-pix?sourceIdentifier={card}",
    ),
    Row("GET", "/me/known-numbers", PARTICIPANT, "/me/known-numbers?participant_id={taro}"),
    Row(
        "POST",
        "/me/known-numbers/not-mine",
        HIS_ANSWER,
        body={"facility_id": "{clinic}", "number": "{number_value}"},
    ),
    Row("GET", "/me/merges", PARTICIPANT, "/me/merges?participant_id={taro}"),
    Row(
        "POST",
        "/me/merges/{merge_id}/answer",
        HIS_ANSWER,
        "/me/merges/{case}/answer",
        {"yes": True},
    ),
    Row("POST", "/me/merges/{merge_id}/split", HIS_ANSWER, "/me/merges/{case}/split"),
    Row("GET", "/account/numbers", PARTICIPANT),
    Row(
        "POST",
        "/account/numbers/not-mine",
        HIS_ANSWER,
        body={"facility_id": "{clinic}", "number": "{number_value}"},
    ),
    Row(
        "POST",
        "/account/numbers/merges/{merge_id}",
        HIS_ANSWER,
        "/account/numbers/merges/{case}",
        {"answer": "yes"},
    ),
    Row(
        "POST",
        "/account/numbers/merges/{merge_id}/split",
        HIS_ANSWER,
        "/account/numbers/merges/{case}/split",
        {},
    ),
    Row("GET", "/support/matches", SUPPORT),
    Row("GET", "/support/matches/{match_id}", HIS_PAGE, "/support/matches/{case}"),
    Row(
        "POST",
        "/support/matches/{match_id}",
        HIS_PAGE,
        "/support/matches/{case}",
        {"decision": "same", "reason": "x"},
    ),
    Row("POST", "/support/matches/{match_id}/ask", HIS_PAGE, "/support/matches/{case}/ask", {}),
    Row("POST", "/support/matches/{match_id}/seen", HIS_PAGE, "/support/matches/{case}/seen", {}),
    Row("GET", "/support/merges", SUPPORT),
    Row(
        "POST",
        "/support/merges",
        HIS_PAGE,
        body={"remains": "{taro}", "other": "{case}", "reason": "x"},
    ),
    Row(
        "POST", "/support/merges/{merge_id}/confirm", HIS_PAGE, "/support/merges/{case}/confirm", {}
    ),
    Row(
        "POST",
        "/support/merges/{merge_id}/withdraw",
        HIS_PAGE,
        "/support/merges/{case}/withdraw",
        {},
    ),
    Row(
        "POST",
        "/support/merges/{merge_id}/split",
        HIS_PAGE,
        "/support/merges/{case}/split",
        {"reason": "x"},
    ),
    # Where my notices go: this network sends none in these tests, and says so
    Row("GET", "/me/notice-addresses", PARTICIPANT, "/me/notice-addresses?participant_id={taro}"),
    Row(
        "DELETE", "/me/notice-addresses/{address_id}", HIS_PAGE, "/me/notice-addresses/{his_phone}"
    ),
    Row("POST", "/me/push-tokens", PARTICIPANT, body={"token": "x"}),
    Row(
        "POST",
        "/me/push-subscriptions",
        PARTICIPANT,
        body={"endpoint": "http://localhost/x", "keys": {"p256dh": "x", "auth": "x"}},
    ),
    Row("POST", "/me/mail-address", PARTICIPANT, body={"address": "x@example.jp"}),
    Row("POST", "/me/mail-address/confirmation", "in bad . . in in . .", body={"code": "1"}),
    Row("DELETE", "/me/mail-address", PARTICIPANT),
    Row("GET", "/account/notices", PARTICIPANT, "/account/notices?participant_id={taro}"),
    Row("POST", "/account/notices/browser", PARTICIPANT, body={"endpoint": "x"}),
    Row(
        "POST",
        "/account/notices/{address_id}/remove",
        HIS_PAGE,
        "/account/notices/{his_phone}/remove",
        {},
    ),
    Row("POST", "/account/notices/mail", PARTICIPANT, body={"address": "x@example.jp"}),
    Row("POST", "/account/notices/mail/confirm", "in bad . . in in . .", body={"code": "1"}),
    Row("POST", "/account/notices/mail/remove", PARTICIPANT, body={}),
    Row("GET", "/me/registration", PARTICIPANT, "/me/registration?participant_id={taro}"),
    Row("GET", "/account/registration", PARTICIPANT),
    Row("GET", "/.well-known/assetlinks.json", OPEN),
    Row("GET", "/.well-known/apple-app-site-association", OPEN),
    # The emergency card: only ever one's own, and what anybody may check it with
    Row("GET", "/card", OPEN),
    Row("GET", "/card/file", OPEN),
    Row("GET", "/.well-known/emergency-card/jwks.json", OPEN),
    Row("GET", "/emergency-card", PARTICIPANT, "/emergency-card?participant_id={taro}"),
    Row("GET", "/emergency-card/new", PARTICIPANT, "/emergency-card/new?participant_id={taro}"),
    Row("POST", "/emergency-card/preview", HIS_ANSWER, body={"record": "{record}"}),
    Row("POST", "/emergency-card", HIS_ANSWER, body={"record": "{record}"}),
    Row("POST", "/emergency-card/paper", HIS_ANSWER, body={"participant_id": "{taro}"}),
    Row("POST", "/emergency-card/phone", HIS_ANSWER, body={"participant_id": "{taro}"}),
    Row("POST", "/emergency-card/revoked", PARTICIPANT, body={"participant_id": "{taro}"}),
    Row("GET", "/me/emergency-card", HIS_PAGE),
    Row("GET", "/me/emergency-card/choices", PARTICIPANT),
    Row("POST", "/me/emergency-card/preview", HIS_ANSWER, body={"records": ["{record}"]}),
    Row("POST", "/me/emergency-card", HIS_ANSWER, body={"records": ["{record}"]}),
    Row("POST", "/me/emergency-card/copies", HIS_ANSWER, body={"medium": "paper"}),
    Row("DELETE", "/me/emergency-card", PARTICIPANT),
    Row("GET", "/support/cases/{case_id}", HIS_CASE, "/support/cases/{case}"),
    Row("POST", "/support/cases/{case_id}/close", HIS_CASE, "/support/cases/{case}/close", {}),
)

# Where an app's token is good for something.
OF_APPS = {
    ("GET", "/fhir/R4/{resource_type}"),
    ("GET", "/fhir/R4/{resource_type}/{resource_id}"),
    ("HEAD", "/fhir/R4/{resource_type}/{resource_id}"),
    ("POST", "/fhir/R4/{resource_type}/_search"),
    ("GET", "/fhir/R4/Patient/{patient_id}/$summary"),
    ("GET", "/fhir/R4/{resource_type}/{resource_id}/$summary"),
}

JSON_ROUTES = (
    "/fhir",
    "/oauth/token",
    "/oauth/revoke",
    "/access/v1",
    "/log/v1",
    "/facility/receipts",
    "/facility",
    "/emergency",
    "/me",
    "/enrolments",
    "/sessions",
    "/recoveries",
    "/invitations",
    "/health",
    "/schema",
    "/.well",
)
SCRIPTED = (
    "/sign-in/options",
    "/sign-in/verify",
    "/register/passkey",
    "/recover/passkey",
    "/join/passkey",
    "/account/keys/options",
    "/account/keys/add",
    "/step-up/options",
    "/step-up/verify",
)


def test_the_table_names_every_route_of_the_application_and_no_other(app: Litestar):
    real = {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods - {"OPTIONS"}
    }
    listed = {(row.method, row.route) for row in TABLE}
    assert listed - real == set(), "listed, but not there"
    assert real - listed == set(), "there, but nobody says who may"


def test_every_route_says_at_its_door_who_may_pass(app: Litestar):
    unguarded = [
        f"{method} {route.path}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if method != "OPTIONS"
        and not handler.guards
        and not route.path.startswith("/schema")
        and not list(handler.resolve_guards())
    ]
    assert unguarded == []


@pytest_asyncio.fixture(scope="session", autouse=True)
async def sealed(database: Deployment) -> None:
    await seal(database)


@pytest_asyncio.fixture
async def own_role(attacking, world: World, role: str):
    """A browser of this role, freshly signed in: a system's token lasts five minutes."""
    scopes = {"reads": "system/*.read", "writes": "system/*.write"}
    token = await world.emr.token(scopes[role]) if role in scopes else None
    actors = {
        "participant": world.hanako,
        "professional": world.sato,
        "support": world.ueda,
        "auditor": world.auditor,
        "facility_admin": world.desk,
    }
    return lambda: attacking(actor=actors.get(role), token=token)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.url or row.route}")
async def test_who_meets_what(
    row: Row, role: str, own_role, world: World, admin: asyncpg.Connection
):
    expected = row.expected.split()[ROLES.index(role)]
    before = await held_of(admin, world.taro.participant_id)
    async with own_role() as attacker:
        answer = await _send(attacker, row, _his(world))
    met = _word(answer)
    is_fhir_search = answer.status_code == 200 and row.expected == HIS_RECORD
    if expected == "." and (is_fhir_search or row.method == "POST" or row.expected == HIS_PAGE):
        nobodys = _absent(world)
        async with own_role() as attacker:
            absent = await _send(attacker, row, nobodys)
        assert _shape(answer, _his(world)) == _shape(absent, nobodys)
        if is_fhir_search:
            assert answer.json()["total"] == 0
            assert "entry" not in answer.json()
        else:
            assert answer.status_code in (404, 422)
    else:
        assert met == expected, f"{answer.status_code}: {answer.text[:300]}"
    # What officers are there to read by name.
    if (role, row.route) not in (
        ("support", "/support/cases/{case_id}"),
        ("support", "/support/look-alikes"),
    ):
        for secret in ("太郎", TITLE, PHONE, world.number):
            assert secret not in answer.text
    if expected != "ok" or row.expected != HIS_CASE:
        assert await held_of(admin, world.taro.participant_id) == before


@pytest_asyncio.fixture(scope="session")
async def app_token(world: World) -> str:
    """Of an app that Hanako connected."""
    grant_id, token = await connect_app(world.hanako), new_token()
    async with unit_of_work(world.hanako) as tx:
        await tx.execute(
            "INSERT INTO app_token (account_id, token_hash, grant_id, kind, ends_at)"
            " VALUES (app.account(), $1, $2, 'access', now() + interval '1 hour')",
            sha256(token.encode()),
            grant_id,
        )
    return token


@pytest.mark.parametrize("row", TABLE, ids=lambda row: f"{row.method} {row.url or row.route}")
async def test_hanakos_app_meets_what_a_stranger_meets_but_for_her_own_records(
    row: Row, app_token: str, attacking, world: World, admin: asyncpg.Connection
):
    before = await held_of(admin, world.taro.participant_id)
    async with attacking(token=app_token) as attacker:
        answer = await _send(attacker, row, _his(world))
    if (row.method, row.route) in OF_APPS:
        assert answer.status_code in (200, 400, 404), answer.text
        told = answer.json() if row.method != "HEAD" else {}
        assert "entry" not in told
        assert told.get("total", 0) == 0
    else:
        assert _word(answer) == row.expected.split()[0], answer.text[:300]
    for secret in ("太郎", TITLE, PHONE, world.number):
        assert secret not in answer.text
    assert await held_of(admin, world.taro.participant_id) == before


async def test_hanakos_app_reads_hers(app_token: str, attacking, world: World):
    async with attacking(token=app_token) as attacker:
        answer = await attacker.send("GET", f"/fhir/R4/Patient/{world.hanako.participant_id}")
    assert answer.json()["name"][0]["text"] == "山本 花子"


def _word(answer: httpx.Response) -> str:
    status = answer.status_code
    if status == 401 or (status == 303 and answer.headers["location"].startswith("/sign-in")):
        return "in"
    words = {
        404: ".",
        410: "gone",
        400: "bad",
        403: "bad",
        415: "bad",
        422: "bad",
        428: "bad",
        409: "ok",
    }
    return words.get(status, "ok" if status < 400 else str(status))


def _shape(answer: httpx.Response, named: dict[str, str]) -> tuple[int, str, dict[str, str]]:
    """Status, body and headers, but for what the request itself named and for ids and times."""
    text = answer.text
    for value in named.values():
        text = text.replace(value, "NAMED")
    headers = {
        name: "RECEIPT" if name == "tsunagu-receipt" else value
        for name, value in answer.headers.items()
        if name not in ("content-length", "set-cookie")
    }
    return answer.status_code, without_accidents(text), headers


async def _send(attacker: Attacker, row: Row, named: dict[str, str]) -> httpx.Response:
    is_json = row.route.startswith(JSON_ROUTES) or row.route.startswith(SCRIPTED)
    is_json = is_json and not row.route.startswith("/emergency-card")
    is_json = is_json and not row.route.endswith("/_search")
    body = _filled(row.body, named)
    return await attacker.send(
        row.method,
        _filled(row.url or row.route, named),
        form=None if is_json else body,
        body=body if is_json else None,
        html=not is_json,
    )


def _filled(template: Any, named: dict[str, str]) -> Any:
    if isinstance(template, dict):
        return {key: _filled(value, named) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, named) for value in template]
    if isinstance(template, str):
        return re.sub(r"\{(\w+)\}", lambda found: named[found[1]], template)
    return template


def _his(world: World) -> dict[str, str]:
    system = patient_in_facility(world.hospital.code)
    return {
        "taro": str(world.taro.participant_id),
        "account": str(world.taro.account_id),
        "record": str(world.record_id),
        "case": str(world.case_id),
        "request": str(world.request_id),
        "notice": str(world.notice_id),
        "his_event": str(world.event_id),
        "his_key": str(world.passkey_id),
        "his_session": str(world.session_id),
        "his_app": str(world.grant_id),
        "his_phone": str(world.phone_id),
        "month": f"{clock.today_in_japan():%Y-%m}",
        "tomorrow": (clock.now() + timedelta(days=1)).isoformat(),
        "card": f"{CARD}|{world.card.digits}",
        "card_digits": world.card.digits,
        "number": f"{system}|{world.number}",
        "number_system": system,
        "number_value": world.number,
        "clinic": str(world.clinic.facility_id),
        "doctor": str(world.sato.professional_id),
        "his_doctor": str(world.mori.professional_id),
        "absent": str(uuid4()),
    }


def _absent(world: World) -> dict[str, str]:
    nobody = scene.issue(
        f"{uuid4().int % 10**14:014}", scene.directory.profile().card_scheme
    ).digits
    system = patient_in_facility(world.hospital.code)
    return _his(world) | {
        "taro": str(uuid4()),
        "record": str(uuid4()),
        "his_doctor": str(uuid4()),
        "case": str(uuid4()),
        "request": str(uuid4()),
        "notice": str(uuid4()),
        "his_event": str(uuid4()),
        "his_key": str(uuid4()),
        "his_session": str(uuid4()),
        "his_app": str(uuid4()),
        "his_phone": str(uuid4()),
        "card": f"{CARD}|{nobody}",
        "card_digits": nobody,
        "number": f"{system}|T{uuid4().hex[:12]}",
        "number_value": f"T{uuid4().hex[:12]}",
    }
