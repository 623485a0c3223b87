"""Which record a sending is a version of, and the text each version is kept as."""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal, NamedTuple
from uuid import UUID

from api.phr.entries.kinds import SOURCE
from api.records.incoming.content import content, without_server_parts
from api.records.incoming.planned import PlannedItem
from api.records.parse import Json, as_object, encode
from api.records.shapes import SHAPES
from api.records.taking_out.resources import brought_by_proxy

Change = Literal["created", "updated", "unchanged"]

_PATIENT: Final = "urn:tsunagu:patient"
SENDERS_ID: Final = "urn:tsunagu:senders-id"
CONTENT: Final = "urn:tsunagu:content"
_LONGEST_NAME: Final = 400  # characters; an index entry of PostgreSQL ends at 2,704 bytes
_VERIFICATION: Final = {
    "AllergyIntolerance": "allergyintolerance-verification",
    "Condition": "condition-ver-status",
}


class Key(NamedTuple):
    """What a sender means by the same record, within one participant and one facility."""

    resource_type: str
    system: str
    value: str


class Version(NamedTuple):
    """One version of a record, as it stands or as it is to be written.

    `document_id` where a document alone says it.
    """

    record_id: UUID
    number: int
    recorded_at: datetime
    key: Key
    body: str
    sensitivity: int
    document_id: UUID | None = None
    marks: frozenset[str] = frozenset()


def key_of(item: PlannedItem) -> Key:
    """The identifier the sender asks by, or gave; else the id they chose (PUT); else the content.

    So the same sending twice is one record, and of a person there is one Patient per facility.
    """
    name, identifier = item.classified.resource_type, item.classified.identifier
    if name == "Patient":
        return Key(name, _PATIENT, "")
    identifier = item.conditions.match or identifier
    if identifier is not None:
        return Key(name, _bounded(identifier.system), _bounded(identifier.value))
    if item.resource_id:
        return Key(name, SENDERS_ID, item.resource_id)
    named = item.content_name or sha256(content(item.resource).encode()).hexdigest()
    return Key(name, CONTENT, named)


def body(
    resource: Json,
    resource_id: UUID,
    number: int,
    at: datetime,
    document_id: UUID | None = None,
    *,
    is_own: bool = False,
    is_by_proxy: bool = False,
) -> str:
    """The sender's resource with our id, version and time; every other character stays. `is_own`
    where the participant brought it, `is_by_proxy` where somebody acting for them did."""
    own = without_server_parts(resource)
    meta = {
        **as_object(own.pop("meta", None)),
        "versionId": str(number),
        "lastUpdated": instant(at),
    }
    if document_id is not None:
        meta["source"] = f"Bundle/{document_id}"
    elif is_own:
        meta["source"] = SOURCE
    if is_by_proxy:
        meta = brought_by_proxy(meta)
    head = {"resourceType": own.pop("resourceType"), "id": str(resource_id), "meta": meta}
    return encode({**head, **own})


def in_error(resource: Json) -> Json:
    """The same resource, said to have been entered in error, in the way of its type."""
    name = resource["resourceType"]
    if name == "Patient":
        return {**resource, "active": False}
    if name in _VERIFICATION:
        system = f"http://terminology.hl7.org/CodeSystem/{_VERIFICATION[name]}"
        said = {"coding": [{"system": system, "code": "entered-in-error"}]}
        # Constraints con-5 and ait-2: what was entered in error has no clinical status.
        others = {k: v for k, v in resource.items() if k != "clinicalStatus"}
        return {**others, "verificationStatus": said}
    element = "lifecycleStatus" if "lifecycleStatus" in SHAPES[name].required else "status"
    return {**resource, element: "entered-in-error"}


def instant(at: datetime) -> str:
    """As FHIR writes a moment, in UTC."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def references(items: Iterable[PlannedItem], targets: Iterable[str]) -> dict[str, str]:
    """How the entries of one Bundle name each other, and what to call them from now on."""
    renamed: dict[str, str] = {}
    for item, target in zip(items, targets, strict=True):
        if item.full_url:
            renamed[item.full_url] = target
        own_id = item.resource.get("id")
        if isinstance(own_id, str):
            renamed.setdefault(f"{item.classified.resource_type}/{own_id}", target)
    return renamed


def _bounded(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    return f"sha256:{sha256(name.encode()).hexdigest()}"
