"""The CapabilityStatement: what this server offers to FHIR clients, and nothing more."""

from collections.abc import Iterable
from typing import Any, Final

_ACTIONS: Final = ("read", "search-type", "create")
_SECURITY_SERVICE: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"


def capability_statement(
    base_url: str, version: str, published_on: str, resource_types: Iterable[str]
) -> dict[str, Any]:
    """Build the statement; `published_on` is an ISO date, `resource_types` what is stored."""
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
                "security": {
                    "service": [{"coding": [{"system": _SECURITY_SERVICE, "code": "OAuth"}]}],
                    "description": "OAuth 2.0 client credentials with private_key_jwt",
                },
                "resource": [_resource(name) for name in sorted(resource_types)],
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
            }
        ],
    }


def _resource(resource_type: str) -> dict[str, Any]:
    return {
        "type": resource_type,
        "interaction": [{"code": action} for action in _ACTIONS],
        "versioning": "versioned",
        "searchParam": [
            {
                "name": "patient",
                "type": "reference",
                "documentation": (
                    "Required. Patient/<id>, or patient:identifier and patient.identifier"
                    " with system|value (card number, facility patient number)."
                ),
            },
            {"name": "_count", "type": "number"},
        ],
    }
