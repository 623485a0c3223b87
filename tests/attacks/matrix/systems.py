"""Systems of facilities: FHIR, exports, decisions, the sealed log, receipts compared."""

from tests.attacks.roles import (
    EXPORTS,
    HIS_PAGE,
    HIS_RECORD,
    OPEN,
    PARTICIPANT_AND_AUDITOR,
    READS,
    Row,
)

HIS_LAB = {
    "subject": {"type": "professional", "id": "{clinic}"},
    "action": {"name": "read"},
    "resource": {"type": "category", "id": "lab", "properties": {"patient": "{taro}"}},
}

ROWS = (
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
    # Decisions
    Row("GET", "/.well-known/authzen-configuration", OPEN),
    Row("GET", "/.well-known/jwks.json", OPEN),
    Row("POST", "/access/v1/evaluation", "in bad . . bad in . .", body={}),
    Row("POST", "/access/v1/evaluation", "in ok . . ok in . .", body=HIS_LAB),
    Row("POST", "/access/v1/evaluations", "in ok . . ok in . .", body=HIS_LAB),
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
)
