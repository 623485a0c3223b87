"""What a FHIR client is told when something is wrong, and what it is offered."""

from api.fhir.capability import Offered, capability_statement
from api.fhir.codes import MESSAGE_KEY
from api.fhir.outcome import Issue, operation_outcome


def test_an_outcome_names_the_path_the_key_and_the_sentence() -> None:
    issue = Issue("required", "record.fault.no_subject", "No subject.", "Condition.subject")
    assert operation_outcome([issue]) == {
        "resourceType": "OperationOutcome",
        "issue": [
            {
                "severity": "error",
                "code": "required",
                "details": {
                    "coding": [{"system": MESSAGE_KEY, "code": "record.fault.no_subject"}],
                    "text": "No subject.",
                },
                "diagnostics": "Condition.subject: No subject.",
                "expression": ["Condition.subject"],
            }
        ],
    }


def test_an_outcome_without_a_path_has_no_expression() -> None:
    wire = operation_outcome([Issue("structure", "record.fault.invalid_json", "Not JSON.")])
    assert "expression" not in wire["issue"][0]
    assert wire["issue"][0]["diagnostics"] == "Not JSON."


def test_the_capability_statement_offers_what_is_there_and_no_update() -> None:
    offered = [
        Offered("Patient", {"identifier": "token"}),
        Offered("Condition", {"date": "date"}, is_stored=True),
    ]
    statement = capability_statement("http://x/fhir/R4", "1", "2026-01-01", offered)
    condition, patient, group = statement["rest"][0]["resource"]
    assert (group["type"], group.get("interaction")) == ("Group", None)
    assert statement["fhirVersion"] == "4.0.1"
    assert (condition["type"], patient["type"]) == ("Condition", "Patient")
    actions = {action["code"] for action in condition["interaction"]}
    assert actions == {"read", "vread", "history-instance", "search-type", "create"}
    assert [each["name"] for each in condition["searchParam"]] == ["date"]
    assert {action["code"] for action in patient["interaction"]} == {
        "read",
        "search-type",
        "create",
    }
    assert [each["name"] for each in patient["operation"]] == [
        "everything",
        "match",
        "summary",
        "ihe-pix",
    ]
