"""What of a file would be new here, under which ids, and as what it would be stored."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from datetime import date, datetime
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid5

from msgspec import Struct

from api.phr.directives.kinds import DOCUMENT
from api.phr.directives.paper import MOST_DOCUMENTS
from api.records.bringing_in import only_one
from api.records.bringing_in.reading import Found, Item, Left
from api.records.parse import Json, as_object, as_text
from api.records.shapes import SUPPORTING
from api.records.taking_out.resources import BOOK, OWN, brought_by_proxy

BROUGHT: Final = "urn:tsunagu:brought"
# What a facility's record may name that is no record of the participant's.
_NO_RECORDS: Final = SUPPORTING | {"Patient", "RelatedPerson"}
_OF_A_PART: Final = re.compile(
    r"(?P<type>[A-Z][A-Za-z]{1,40})/(?P<id>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"
)
_LOCAL: Final = re.compile(r"([A-Z][A-Za-z]{1,40})/([A-Za-z0-9\-.]{1,64})")


class Taking(NamedTuple):
    """An item as it will be stored; the name is what the store knows it by."""

    record_id: UUID
    item: Item
    system: str
    value: str


class LeftLine(Struct, frozen=True):
    reason: str
    type: str
    count: int


class Counts(Struct, frozen=True, kw_only=True):
    """What a file comes to: `new` by category; `held` is here already, just so; `changed` is here,
    and says something else by now: what is here stays."""

    new: dict[str, int]
    held: int
    changed: int
    doubles: int
    facilitys: int
    left: list[LeftLine]
    since: date | None = None
    until: date | None = None

    @property
    def total(self) -> int:
        return sum(self.new.values())


class Here(NamedTuple):
    """What is here already: how often each thing is said, where, what is named how, and which
    pregnancies go on."""

    digests: Mapping[bytes, int]
    where: Mapping[bytes, str]
    ids: Set[str]
    names: Set[tuple[str, str, str]]
    open_books: Set[str] = frozenset()


class Renaming(NamedTuple):
    """How the file's records are called here: references by type and id, books by id. `elsewhere`:
    the ids of what is here already, where the file is a part: what it names and does not hold comes
    with another part, and is called as that part will call it."""

    references: dict[str, str]
    books: dict[str, str]
    participant_id: UUID
    elsewhere: Set[str] | None = None

    def called(self, reference: str) -> str:
        known = self.references.get(reference)
        found = _OF_A_PART.fullmatch(reference)
        if known or self.elsewhere is None or not found or found["id"] in self.elsewhere:
            return known or reference
        if found["type"] in _NO_RECORDS:
            return reference
        return f"{found['type']}/{_brought_id(self.participant_id, reference)}"


class Planned(NamedTuple):
    taking: list[Taking]
    counts: Counts
    renaming: Renaming


def planned(found: Found, participant_id: UUID, here: Here) -> Planned:
    left_here = Counter(here.digests)
    new: list[tuple[UUID, Item]] = []
    renaming = Renaming(
        {f"Patient/{found.subject}": f"Patient/{participant_id}"},
        {},
        participant_id,
        here.ids if found.is_part else None,
    )
    held = changed = 0
    own_book = only_one.own_book(here.names)
    # Also of what the actor is not shown: it is here all the same.
    ids = here.ids | only_one.named(here.names)
    for item in found.items:
        old, record_id = as_text(item.resource.get("id")), _new_id(participant_id, item)
        called = str(record_id)
        if left_here[item.digest] > 0:
            left_here[item.digest] -= 1
            held += 1
            called = old if old in here.ids else here.where[item.digest]
        elif old in ids or called in ids or _is_named(item, here):
            changed += 1
            called = old if old in ids else called
        elif own_book and only_one.is_own_book(item):
            changed += 1
            called = own_book
        else:
            new.append((record_id, item))
            own_book = called if only_one.is_own_book(item) else own_book
        if old:
            renaming.references[f"{item.resource_type}/{old}"] = f"{item.resource_type}/{called}"
            renaming.books[old] = called
    kept = only_one.within(new, renaming.books, here.names, here.open_books)
    new, over = _within_most(kept.new, here)
    taking = [Taking(each, item, *_name(item, each, renaming.books)) for each, item in new]
    days = [each.item.on for each in taking if each.item.on is not None]
    counts = Counts(
        new=dict(sorted(Counter(each.item.category for each in taking).items())),
        held=held,
        changed=changed + kept.changed,
        doubles=found.doubles,
        facilitys=sum(each.item.is_facilitys for each in taking),
        left=[
            LeftLine(each.reason, each.resource_type, n)
            for each, n in sorted((found.left + kept.left + over).items())
        ],
        since=min(days, default=None),
        until=max(days, default=None),
    )
    return Planned(taking, counts, renaming)


def _within_most(
    new: Sequence[tuple[UUID, Item]], here: Here
) -> tuple[list[tuple[UUID, Item]], Counter[Left]]:
    """No more documents of one's wishes than can be handed in: of more the newest."""
    held = sum(
        system == OWN and value.startswith(f"{DOCUMENT.name}:") for _, system, value in here.names
    )
    documents = [
        each for each in new if each[1].own is not None and each[1].own.kind == DOCUMENT.name
    ]
    documents.sort(key=lambda each: each[1].on or date.min, reverse=True)
    over = {record_id for record_id, _ in documents[max(0, MOST_DOCUMENTS - held) :]}
    left = Counter(Left("documents", item.resource_type) for each, item in new if each in over)
    return [each for each in new if each[0] not in over], left


def renamed(taking: Taking, by: Renaming, now: datetime, *, is_by_proxy: bool = False) -> Json:
    """The resource as it is kept here: ids are others, what a server sets, and who brought it where
    that is somebody else; nothing else is."""
    own = {
        name: _called(value, by)
        for name, value in taking.item.resource.items()
        if name not in ("id", "meta", "resourceType")
    }
    meta = {
        **as_object(taking.item.resource.get("meta")),
        "versionId": "1",
        "lastUpdated": now.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
    }
    if isinstance(meta.get("source"), str):
        meta["source"] = _LOCAL.sub(lambda at: by.called(at[0]), meta["source"])
    if is_by_proxy:
        meta = brought_by_proxy(meta)
    head = {"resourceType": taking.item.resource_type, "id": str(taking.record_id), "meta": meta}
    if taking.item.own is not None:
        own["identifier"] = [
            {**each, "value": taking.value} if as_object(each).get("system") == OWN else each
            for each in own.get("identifier", [])
        ]
    return {**head, **own}


def _called(node: Any, by: Renaming) -> Any:
    if isinstance(node, list):
        return [_called(each, by) for each in node]
    if not isinstance(node, dict):
        return node
    copy = {name: _called(value, by) for name, value in node.items()}
    reference = copy.get("reference")
    if isinstance(reference, str):
        copy["reference"] = by.called(reference)
    if copy.get("system") == BOOK and isinstance(copy.get("value"), str):
        copy["value"] = by.books.get(copy["value"], copy["value"])
    return copy


def _new_id(participant_id: UUID, item: Item) -> UUID:
    """The same file brought twice gives the same ids; another participant's are others."""
    old = as_text(item.resource.get("id")) or item.digest.hex()
    return _brought_id(participant_id, f"{item.resource_type}/{old}")


def _brought_id(participant_id: UUID, reference: str) -> UUID:
    return uuid5(participant_id, f"brought\0{reference}")


def _is_named(item: Item, here: Here) -> bool:
    return item.identifier is not None and (item.resource_type, *item.identifier) in here.names


def _name(item: Item, record_id: UUID, books: Mapping[str, str]) -> tuple[str, str]:
    if item.own is not None:
        book = books.get(item.own.book, item.own.book)
        return OWN, f"{item.own.kind}:{book}:{record_id}"
    return item.identifier or (BROUGHT, str(record_id))
