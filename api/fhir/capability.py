"""The CapabilityStatement: what this server offers to FHIR clients, and nothing more."""

from collections.abc import Iterable
from typing import Any, Final

_ACTIONS: Final = ("read", "search-type", "create")
_OAUTH_URIS: Final = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY_SERVICE: Final = "http://terminology.hl7.org/CodeSystem/restful-security-service"


_REQUIRED: Final = (
    "Required. Patient/<id>, or patient:identifier and patient.identifier with system|value"
    " (card number, facility patient number)."
)
_PATIENT: Final = {
    "AuditEvent": "Patient/<id>, for participants: themselves. Auditors see all, without names."
}


def capability_statement(
    base_url: str,
    version: str,
    published_on: str,
    resource_types: Iterable[str],
    read_only: Iterable[str] = (),
) -> dict[str, Any]:
    """Build the statement; `published_on` is an ISO date, `resource_types` what is stored.

    `read_only` types are made when they are asked for, and have no versions.
    """
    resources = [_resource(name) for name in resource_types]
    resources += [_resource(name, is_stored=False) for name in read_only]
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
                "resource": sorted(resources, key=lambda each: str(each["type"])),
                "interaction": [{"code": "transaction"}, {"code": "batch"}],
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


def _resource(resource_type: str, *, is_stored: bool = True) -> dict[str, Any]:
    actions = _ACTIONS if is_stored else _ACTIONS[:2]
    return {
        "type": resource_type,
        "interaction": [{"code": action} for action in actions],
        "versioning": "versioned" if is_stored else "no-version",
        "searchParam": [
            {
                "name": "patient",
                "type": "reference",
                "documentation": _PATIENT.get(resource_type, _REQUIRED),
            },
            {"name": "_count", "type": "number"},
        ],
    }
