"""OperationOutcome: how a FHIR client is told what went wrong, and where."""

from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from api.fhir.codes import MESSAGE_KEY

Severity = Literal["fatal", "error", "warning", "information"]


class Issue(msgspec.Struct, frozen=True):
    """One issue: `code` is of the FHIR issue-type code system, `path` a FHIRPath."""

    code: str
    key: str
    text: str
    path: str = ""
    severity: Severity = "error"


def operation_outcome(issues: Iterable[Issue]) -> dict[str, Any]:
    return {"resourceType": "OperationOutcome", "issue": [_issue(each) for each in issues]}


def _issue(issue: Issue) -> dict[str, Any]:
    wire: dict[str, Any] = {
        "severity": issue.severity,
        "code": issue.code,
        "details": {
            "coding": [{"system": MESSAGE_KEY, "code": issue.key}],
            "text": issue.text,
        },
        "diagnostics": f"{issue.path}: {issue.text}" if issue.path else issue.text,
    }
    if issue.path:
        wire["expression"] = [issue.path]
    return wire
