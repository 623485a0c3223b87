"""An entry as a value, and how it stands in a row."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, NamedTuple, cast
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from api.consent.facts import NORMAL, SECRET
from api.phr.entries import kinds as pure
from api.phr.entries import sealing
from api.phr.entries.kinds import PROVENANCE, SOURCE, By, Json, Kind, Values


class Entry(NamedTuple):
    """`values` as the form takes them, with "on" and "time"; absent ones are left out. `level` is
    how delicate it is kept."""

    entry_id: UUID
    kind: str
    book: str
    version: int
    on: date
    at: datetime | None
    values: dict[str, str]
    by: By
    device: str
    written_at: datetime
    is_restricted: bool
    level: int = NORMAL


class Newest(NamedTuple):
    """What was written last of a kind, by the title that stands unsealed."""

    kind: str
    title: str
    written_at: datetime
    entries: int


class Wish(NamedTuple):
    """A new entry, or with `entry_id` a change of the one whose version is `version`.

    `key`: a name of the sender's own; what came under it already is left as it is. `sure` says yes
    to odd values, as `Typed.sure`; with `is_sure` nothing odd is asked about (what a device
    measured, what was asked about before). `is_read`: the fields are what `typed.read` made of them
    just now, without a fault and with nothing odd to ask about. `least` and `most`: at least and at
    most so delicate from now on.
    """

    kind: Kind
    fields: Values
    book: str = ""
    sure: str = ""
    entry_id: UUID | None = None
    version: int = 0
    by: By = "self"
    device: str = ""
    key: str = ""
    is_sure: bool = False
    is_read: bool = False
    least: int = NORMAL
    most: int = SECRET


def kind_of(row: Mapping[str, Any]) -> str:
    """The name of a row's kind."""
    return str(row["identifier_value"].split(":")[0])


def book_of(row: Mapping[str, Any]) -> str:
    """The book a row stands in; "" for none."""
    return str(row["identifier_value"].split(":")[1])


def entry_of(row: Mapping[str, Any], kind: Kind, subject: UUID, cipher: AESGCM | None) -> Entry:
    """A row opened."""
    body = pure.decoded(sealing.opened(cipher, subject, row["body"]))
    by = by_of(body)
    return Entry(
        entry_id=row["record_id"],
        kind=kind.name,
        book=book_of(row),
        version=row["version"],
        on=row["effective_on"],
        at=row["effective_at"],
        values=pure.values_of(kind, body),
        by=by,
        device=device_of(body),
        written_at=row["recorded_at"],
        is_restricted=row["sensitivity"] == SECRET,
        level=row["sensitivity"],
    )


def by_of(resource: Json) -> By:
    """Who says so."""
    tags = resource["meta"]["tag"]
    return cast(By, next(tag["code"] for tag in tags if tag["system"] == PROVENANCE))


def device_of(resource: Json) -> str:
    """What measured it; "" for what somebody wrote."""
    is_measured = by_of(resource) == "device"
    return str(resource.get("device", {}).get("display", "")) if is_measured else ""


def with_head(resource: Json, entry_id: UUID, version: int, at: datetime, by: By) -> Json:
    """What FHIR says of every version: which, since when, from whom."""
    own = dict(resource)
    stamp = f"{at.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"
    meta = {
        "versionId": str(version),
        "lastUpdated": stamp,
        "source": SOURCE,
        "tag": [*own.pop("meta", {}).get("tag", ()), {"system": PROVENANCE, "code": by}],
    }
    head = {"resourceType": own.pop("resourceType"), "id": str(entry_id), "meta": meta}
    return head | own


def id_of_key(participant_id: UUID, kind: Kind, key: str) -> UUID:
    """The id of what comes under a sender's own name for it."""
    return uuid5(participant_id, f"{kind.name}\0{key}")
