"""Which record a sending is a version of, and the text each version is kept as."""

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Final, Literal, NamedTuple
from uuid import UUID

from api.records.incoming.plan import PlannedItem
from api.records.parse import Json, as_object, decode, encode

Change = Literal["created", "updated", "unchanged"]

_PATIENT: Final = "urn:tsunagu:patient"
_SENDERS_ID: Final = "urn:tsunagu:senders-id"
_CONTENT: Final = "urn:tsunagu:content"
_LONGEST_NAME: Final = 400  # characters; an index entry of PostgreSQL ends at 2,704 bytes


class Key(NamedTuple):
    """What a sender means by the same record, within one participant and one facility."""

    resource_type: str
    system: str
    value: str


class Version(NamedTuple):
    """One version of a record, as it stands or as it is to be written."""

    record_id: UUID
    number: int
    recorded_at: datetime
    key: Key
    body: str
    sensitivity: int


def key_of(item: PlannedItem) -> Key:
    """The sender's identifier; else the id they chose (PUT); else the content itself.

    So the same sending twice is one record, and of a person there is one Patient per facility.
    """
    name, identifier = item.classified.resource_type, item.classified.identifier
    if name == "Patient":
        return Key(name, _PATIENT, "")
    if identifier is not None:
        return Key(name, _bounded(identifier.system), _bounded(identifier.value))
    if item.resource_id:
        return Key(name, _SENDERS_ID, item.resource_id)
    return Key(name, _CONTENT, sha256(content(item.resource).encode()).hexdigest())


def content(resource: Json) -> str:
    """The text without what a server sets: two versions with the same content are one."""
    return encode(_without_server_parts(resource))


def content_of_body(body: str) -> str:
    return content(decode(body.encode(), max_bytes=len(body) * 4))


def body(resource: Json, resource_id: UUID, number: int, at: datetime) -> str:
    """The sender's resource with our id, version and time; every other character stays."""
    own = _without_server_parts(resource)
    meta = {
        **as_object(own.pop("meta", None)),
        "versionId": str(number),
        "lastUpdated": instant(at),
    }
    head = {"resourceType": own.pop("resourceType"), "id": str(resource_id), "meta": meta}
    return encode({**head, **own})


def instant(at: datetime) -> str:
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


def _without_server_parts(resource: Json) -> Json:
    own = {name: value for name, value in resource.items() if name not in ("id", "meta")}
    meta = as_object(resource.get("meta"))
    kept = {k: v for k, v in meta.items() if k not in ("versionId", "lastUpdated")}
    return own | ({"meta": kept} if kept else {})


def _bounded(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    return f"sha256:{sha256(name.encode()).hexdigest()}"
