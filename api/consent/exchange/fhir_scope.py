"""What one requester may see of one participant, as a FHIR R4 Consent that names nobody else."""

from datetime import datetime
from uuid import UUID

from api.consent.decide import Scope
from api.consent.exchange.fhir_consent import (
    Json,
    coding,
    confidentiality,
    extension,
    instant,
    privacy_consent,
    recipient,
    reference,
)
from api.consent.facts import NetworkRules
from api.fhir import codes


def consent_for(scope: Scope, subject: UUID, network: NetworkRules, now: datetime) -> Json:
    """For a `scope` that permits. It holds `now`, so it has no version and no end.

    Which facilities' records or which single ones the participant keeps back is not told.
    """
    patient = reference("Patient", codes.PARTICIPANT, subject)
    return {
        "resourceType": "Consent",
        "id": str(subject),
        "status": "active",
        **privacy_consent(network),
        "patient": patient,
        "dateTime": instant(now),
        "performer": [patient],
        "provision": {"type": "deny", "provision": _rows(scope, network)},
    }


def _rows(scope: Scope, network: NetworkRules) -> list[Json]:
    open_here = {
        *scope.categories,
        *(category for _, category in scope.source_permitted),
        *scope.exceptions.shared_categories,
    }
    categories = [code for code in network.categories if code in open_here]
    rows = []
    if categories:
        row = _row(scope) | {"class": [coding(codes.CATEGORY, code) for code in categories]}
        if scope.level:
            row["securityLabel"] = [confidentiality(scope.level)]
        rows.append(row)
    if scope.exceptions.shared or not categories:
        # A modifier: who does not know it must not read "everything".
        single = extension("single-records", "Boolean", value=True)
        rows.append(_row(scope) | {"modifierExtension": [single]})
    return rows


def _row(scope: Scope) -> Json:
    basis = scope.basis
    actors = [recipient(reference("Organization", codes.FACILITY, basis.facility_id))]
    if basis.professional_id is not None:
        person = reference("Practitioner", codes.PROFESSIONAL, basis.professional_id)
        actors = [recipient(person)]
    row: Json = {
        "type": "permit",
        "actor": actors,
        "purpose": [coding(codes.ACT_REASON, basis.purpose_of_use)],
    }
    if scope.data_from is not None:
        row["dataPeriod"] = {"start": scope.data_from.isoformat()}
    return row
