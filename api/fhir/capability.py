"""The CapabilityStatement: what this server offers to FHIR clients, and nothing more."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import msgspec

_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY_SERVICE: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"
# Each by the definition its own standard gives it: FHIR R4, IPS, IHE PIXm, Bulk Data Access.
_OF_PATIENT: Final = {
    "everything": "http://hl7.org/fhir/OperationDefinition/Patient-everything",
    "match": "http://hl7.org/fhir/OperationDefinition/Patient-match",
    "summary": "http://hl7.org/fhir/uv/ips/OperationDefinition/summary",
    "ihe-pix": "https://profiles.ihe.net/ITI/PIXm/OperationDefinition/IHE.PIXm.pix",
}
_OF_GROUP: Final = {
    "export": "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/group-export",
}

_OF_STORED: Final = ("read", "vread", "history-instance", "search-type", "create")
_OF_MADE: Final = ("read", "search-type")
_SAID: Final = {
    ("AuditEvent", "patient"): "Participants: themselves. Auditors see all, without names.",
    ("Patient", "identifier"): "system|value: card number, the facility's own patient number, or"
    " insurance (insurer:symbol:number:branch) with birthdate; by POST the code told at a desk.",
    ("", "patient"): "Patient/<id>. One of patient, patient.identifier and patient:identifier is"
    " required; connected apps: themselves, by patient, _id and _count alone.",
    ("", "category"): "Codes of the network, or those the sender gave.",
    ("", "date"): "The day, or the moment, a record is of. eq, ge, gt, le, lt.",
    ("", "_lastUpdated"): "eq, ge, gt, le, lt.",
}
_RESULT: Final = (
    "Results: _count (0 to 200), _sort (date, -date, _lastUpdated, -_lastUpdated), _summary,"
    " _elements, _total (none, accurate). Unknown parameters are refused, or with Prefer:"
    " handling=lenient left out and named. _include as each type lists it, * for every type; the"
    " Patient with the first page. No _has, _revinclude, _include:iterate, no chains but"
    " patient.identifier."
)


class Offered(msgspec.Struct, frozen=True):
    """One type and the search parameters served for it, each with its FHIR type. What is not
    stored is made when it is asked for, and has no versions."""

    resource_type: str
    parameters: Mapping[str, str]
    is_stored: bool = False
    includes: Sequence[str] = ()


def capability_statement(
    base_url: str, version: str, published_on: str, offered: Iterable[Offered]
) -> dict[str, Any]:
    """Build the statement; `published_on` is an ISO date."""
    return {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": published_on,
        "kind": "instance",
        "software": {"name": "Tsunagu", "version": version},
        "implementation": {"description": "Tsunagu FHIR R4", "url": base_url},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "json"],
        "rest": [
            {
                "mode": "server",
                "documentation": _RESULT,
                "security": {
                    "extension": [_oauth_uris(base_url.removesuffix("/fhir/R4"))],
                    "service": [
                        {"coding": [{"system": _SECURITY_SERVICE, "code": code}]}
                        for code in ("SMART-on-FHIR", "OAuth")
                    ],
                    "description": (
                        "Facilities' systems: client credentials with private_key_jwt."
                        " Participants' apps: SMART App Launch, standalone, code with PKCE (S256)."
                    ),
                },
                "resource": [
                    *(
                        _resource(each)
                        for each in sorted(offered, key=lambda one: one.resource_type)
                    ),
                    {
                        "type": "Group",
                        "versioning": "no-version",
                        "operation": _operations(_OF_GROUP),
                    },
                ],
                "interaction": [
                    {"code": code} for code in ("transaction", "batch", "search-system")
                ],
            }
        ],
    }


def _oauth_uris(site: str) -> dict[str, Any]:
    ways = {
        "authorize": "/oauth/authorize",
        "token": "/oauth/token",
        "revoke": "/oauth/revoke",
        "manage": "/account/apps",
    }
    return {
        "url": _OAUTH_URIS,
        "extension": [{"url": name, "valueUri": site + path} for name, path in ways.items()],
    }


def _resource(offered: Offered) -> dict[str, Any]:
    name = offered.resource_type
    wire: dict[str, Any] = {
        "type": name,
        "interaction": [{"code": code} for code in (_OF_STORED if offered.is_stored else _OF_MADE)],
        "versioning": "versioned" if offered.is_stored else "no-version",
        "readHistory": offered.is_stored,
        "conditionalRead": "full-support" if offered.is_stored else "not-supported",
        "searchParam": [
            _parameter(name, parameter, kind) for parameter, kind in offered.parameters.items()
        ],
    }
    if offered.includes:
        wire["searchInclude"] = list(offered.includes)
    if name == "Patient":
        wire["interaction"].append({"code": "create"})
        wire["operation"] = _operations(_OF_PATIENT)
    return wire


def _operations(defined: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "definition": url} for name, url in defined.items()]


def _parameter(resource_type: str, name: str, kind: str) -> dict[str, Any]:
    wire = {"name": name, "type": kind}
    said = _SAID.get((resource_type, name)) or _SAID.get(("", name))
    return wire | ({"documentation": said} if said else {})
