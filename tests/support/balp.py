"""The AuditEvent profiles of IHE BALP 1.1 as a table of what each demands.

Written down from profiles.ihe.net/ITI/BALP, not from the code that makes the events.
"""

import base64
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
PREFIX = "https://profiles.ihe.net/ITI/BALP/StructureDefinition/IHE.BasicAudit."
DCM = "http://dicom.nema.org/resources/ontology/DCM"
REST = "http://terminology.hl7.org/CodeSystem/audit-event-type"
INTERACTION = "http://hl7.org/fhir/restful-interaction"
ROLE = "http://terminology.hl7.org/CodeSystem/object-role"
ENTITY = "http://terminology.hl7.org/CodeSystem/audit-entity-type"
TYPES = "http://hl7.org/fhir/resource-types"
IRCP = ("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")
SOURCES = {(IRCP[0], code) for code in ("AUT", "INF", "CST")}

# profile → (subtypes, action, client, server, users, entity beside the patient)
RESTFUL: dict[str, tuple[set[str], str, str, str, set[tuple[str, str]], str]] = {
    "PatientRead": ({"read", "vread"}, "R", "110152", "110153", {IRCP}, "data"),
    "PatientQuery": (
        {"search", "search-type", "search-system"},
        "E",
        "110153",
        "110152",
        {IRCP},
        "query",
    ),
    "PatientCreate": ({"create"}, "C", "110153", "110152", SOURCES, "data"),
    "PatientUpdate": ({"update", "patch"}, "U", "110153", "110152", SOURCES, "data"),
}


def coding(of: Json) -> tuple[str, str]:
    return of["system"], of["code"]


def agents(event: Json, *of_type: tuple[str, str]) -> list[Json]:
    return [
        each
        for each in event["agent"]
        if any(coding(c) in of_type for c in each.get("type", {}).get("coding", ()))
    ]


def entities(event: Json, system: str, code: str) -> list[Json]:
    return [each for each in event.get("entity", ()) if coding(each["type"]) == (system, code)]


def faults(event: Json) -> list[str]:
    """Everything in which this AuditEvent is not what R4 and its declared profile say."""
    found = list(_r4(event))
    for profile in event.get("meta", {}).get("profile", ()):
        name = profile.removeprefix(PREFIX)
        check = CHECKS.get(name) or (lambda event, name=name: _restful(event, name))
        found += [f"{name}: {fault}" for fault in check(event)]
    return found


def _r4(event: Json) -> list[str]:
    found = []
    if event["resourceType"] != "AuditEvent":
        found.append("resourceType")
    for name in ("id", "type", "recorded", "agent", "source"):
        if not event.get(name):
            found.append(f"{name} is missing")
    if event.get("action") not in (None, "C", "R", "U", "D", "E"):
        found.append("action")
    if event.get("outcome") not in (None, "0", "4", "8", "12"):
        found.append("outcome")
    if not event["source"].get("observer"):
        found.append("source.observer is missing")
    for each in event["agent"]:
        if not isinstance(each.get("requestor"), bool):
            found.append("agent.requestor")
    for each in event.get("entity", ()):
        if "name" in each and "query" in each:
            found.append("sev-1")
        if "query" in each:
            base64.b64decode(each["query"], validate=True)
        for detail in each.get("detail", ()):
            values = [key for key in detail if key.startswith("value")]
            if not detail.get("type") or len(values) != 1:
                found.append(f"entity.detail {detail}")
            if "valueBase64Binary" in detail:
                base64.b64decode(detail["valueBase64Binary"], validate=True)
            if detail.get("valueString") == "":
                found.append("an empty string")
    return found


def _patient(event: Json) -> list[str]:
    patients = entities(event, ENTITY, "1")
    if len(patients) != 1:
        return ["entity[patient] 1..1"]
    (patient,) = patients
    found = []
    if coding(patient["role"]) != (ROLE, "1"):
        found.append("entity[patient].role")
    what = patient["what"]
    if what.get("type") != "Patient":
        found.append("entity[patient].what only Reference(Patient)")
    return found


def _restful(event: Json, name: str) -> list[str]:
    subtypes, action, client, server, users, other = RESTFUL[name]
    found = _patient(event)
    if coding(event["type"]) != (REST, "rest"):
        found.append("type")
    if not any(s["system"] == INTERACTION and s["code"] in subtypes for s in event["subtype"]):
        found.append("subtype")
    if (event["action"], event["outcome"]) != (action, "0"):
        found.append("action, outcome")
    for slice_name, code in (("client", client), ("server", server)):
        these = agents(event, (DCM, code))
        if len(these) != 1:
            found.append(f"agent[{slice_name}] 1..1")
        for each in these:
            if not each.get("who") or not each.get("network") or "media" in each:
                found.append(f"agent[{slice_name}]")
    these = agents(event, *users)
    if len(these) > 1:
        found.append("agent[user] 0..1")
    for each in these:
        if not each.get("who") or each["requestor"] is not True or "network" in each:
            found.append("agent[user]")
    found += _data(event) if other == "data" else _query(event)
    return found


def _data(event: Json) -> list[str]:
    objects = entities(event, ENTITY, "2")
    if len(objects) != 1:
        return ["entity[data] 1..1"]
    (data,) = objects
    is_right = data["role"]["code"] in ("3", "4", "20") and data.get("what")
    return [] if is_right else ["entity[data]"]


def _query(event: Json) -> list[str]:
    objects = entities(event, ENTITY, "2")
    if len(objects) != 1:
        return ["entity[query] 1..1"]
    (query,) = objects
    found = []
    if coding(query["role"]) != (ROLE, "24"):
        found.append("entity[query].role")
    if not query.get("query") and not query.get("_query"):
        found.append("entity[query].query 1..1")
    if "what" in query or "lifecycle" in query or "detail" in query:
        found.append("entity[query] 0..0")
    return found


def _authorization(event: Json) -> list[str]:
    found = _patient(event)
    if coding(event["type"]) != (DCM, "110113") or event["action"] != "E":
        found.append("type, action")
    subtypes = {each["code"] for each in event["subtype"]}
    if not subtypes <= {"AuthZ-Consent", "AuthZ-Role"}:
        found.append("subtype")
    if "outcome" not in event:
        found.append("outcome 1..1")
    slices: dict[str, tuple[tuple[str, str], bool]] = {
        "client": ((DCM, "110150"), False),
        "user": (IRCP, True),
        "userorg": (("http://terminology.hl7.org/CodeSystem/v3-RoleClass", "PROV"), False),
        "authorizer": (
            ("http://terminology.hl7.org/CodeSystem/extra-security-role-type", "authserver"),
            False,
        ),
    }
    for name, (kind, is_requestor) in slices.items():
        these = agents(event, kind)
        if len(these) != 1 or not these[0].get("who"):
            found.append(f"agent[{name}] 1..1")
        elif these[0]["requestor"] is not is_requestor:
            found.append(f"agent[{name}].requestor")
        elif (name == "client") is not ("network" in these[0]):
            found.append(f"agent[{name}].network")
    (authorizer,) = agents(event, slices["authorizer"][0])
    if authorizer["who"] != event["source"]["observer"]:
        found.append("val-audit-source")
    if not entities(event, TYPES, "Consent"):
        found.append("entity[consent] 1..*")
    known = {(ENTITY, "1"), (TYPES, "Consent")}
    if any(coding(each["type"]) not in known for each in event["entity"]):
        found.append("entity is closed")
    return found


def _disclosure(event: Json) -> list[str]:
    found = _patient(event)
    if coding(event["type"]) != (DCM, "110106") or event["action"] != "R":
        found.append("type, action")
    if not any(each["code"] == "disclose" for each in event["subtype"]):
        found.append("subtype[disclosure]")
    for name, code in (("source", "110153"), ("recipient", "110152")):
        these = agents(event, (DCM, code))
        if len(these) != 1 or not these[0].get("who") or not these[0].get("network"):
            found.append(f"agent[{name}] 1..1")
    (source,) = agents(event, (DCM, "110153"))
    if source["who"] != event["source"]["observer"]:
        found.append("val-audit-source")
    return found


CHECKS: dict[str, Callable[[Json], list[str]]] = {
    "AuthZconsent": _authorization,
    "PrivacyDisclosure.Source": _disclosure,
}
