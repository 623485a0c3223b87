"""A Bundle that was taken out, read: what is in it, and what of it is not taken and why."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Final, NamedTuple

import msgspec

from api.identity.enrolling.names import are_alike
from api.identity.my_number import contains_my_number
from api.phr.entries.kinds import PROVENANCE
from api.records import parse
from api.records.bringing_in.entry_kinds import KINDS, is_of
from api.records.mapping import HIDDEN_MARKS, Identifier, SubjectRef, classify
from api.records.parse import Fault, Json, Refused, as_object, as_objects, as_text
from api.records.shapes import R4_TYPES
from api.records.taking_out import resources
from api.records.taking_out.resources import Own, decoded, filed_of, own_name, source_of

MAX_BYTES: Final = 32 * 1024 * 1024
TOO_LARGE: Final = Fault("bring_in_large", params={"limit": str(MAX_BYTES // 1024 // 1024)})
MOST_ENTRIES: Final = 100_000
LONGEST_TITLE: Final = 120
LONGEST_BOOK: Final = 100
LONGEST_NAME: Final = 400  # characters; an index entry of PostgreSQL ends at 2,704 bytes
WISHES: Final = "directive"
# Where a person of the record is named, in whatever type.
_SUBJECTS: Final = ("subject", "patient", "beneficiary")
# What holds codes and names of things, never what somebody typed.
_NO_WORDS: Final = frozenset(
    {"id", "reference", "system", "url", "code", "lastUpdated", "versionId", "profile", "fullUrl"}
    | {"identifier", "meta", "div", "data"}
)


class Left(NamedTuple):
    """What is not taken: `reason` ends a message key."""

    reason: str
    resource_type: str


class Item(NamedTuple):
    """A record of the file. `own` where it is an entry of a book, `identifier` where it is known by
    one that the participant's own records go by; `digest` says what it says."""

    resource: Json
    resource_type: str
    category: str
    title: str
    level: int
    on: date | None
    at: datetime | None
    own: Own | None
    identifier: tuple[str, str] | None
    marks: frozenset[str]
    is_facilitys: bool
    digest: bytes


class Found(NamedTuple):
    """`subject` is what the file calls the person by; `doubles` stood in it more than once;
    `is_part`: what its records name may stand in another file."""

    subject: str
    items: list[Item]
    left: Counter[Left]
    doubles: int
    is_part: bool = False


class Person(NamedTuple):
    name: str
    kana: str
    birth_on: date


class NotRead(Exception):
    """Nothing of the file can be taken; `fault` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.key)
        self.fault = fault


def read(body: bytes, person: Person, categories: frozenset[str]) -> Found:
    """Raises `NotRead`: for what is no such Bundle, and for somebody else's."""
    entries, is_part = _entries(body)
    patients, others = _divided(entries)
    subject = _subject(patients, person)
    wanted = resources.book_ids(others)
    books = {
        name.entry: resources.digest(each, {})
        for each in others
        if (name := own_name(each)) is not None and name.entry in wanted
    }
    items: dict[str, Item] = {}
    left: Counter[Left] = Counter()
    doubles = 0
    for place, resource in enumerate(others):
        item = _judged(resource, subject, categories, books)
        if isinstance(item, Left):
            left[item] += 1
            continue
        called = as_text(resource.get("id")) or f"#{place}"
        before = items.setdefault(f"{item.resource_type}/{called}", item)
        if before is item:
            continue
        if before.digest != item.digest:
            raise NotRead(Fault("bring_in_twice"))
        doubles += 1
    return Found(subject, list(items.values()), left, doubles, is_part)


def without_wishes(found: Found) -> Found:
    """For whoever acts for somebody else: what is wished nobody writes for another."""
    items = [each for each in found.items if each.category != WISHES]
    more = Counter(
        Left("wishes", each.resource_type) for each in found.items if each.category == WISHES
    )
    return found._replace(items=items, left=found.left + more)


def _entries(body: bytes) -> tuple[list[Json], bool]:
    if len(body) > MAX_BYTES:
        raise NotRead(TOO_LARGE)
    text = body.removeprefix(b"\xef\xbb\xbf")
    if body and not text.lstrip().startswith((b"{", b"[")):
        raise NotRead(Fault("bring_in_other_file"))
    try:
        checked = parse.decode(body, max_bytes=MAX_BYTES)
    except Refused as refused:
        raise NotRead(_plainly(refused.fault)) from None
    is_ours = checked.get("resourceType") == "Bundle" and checked.get("type") == "collection"
    listed = checked.get("entry")
    if not is_ours or not isinstance(listed, list):
        raise NotRead(Fault("bring_in_other_file"))
    if len(listed) > MOST_ENTRIES:
        raise NotRead(Fault("bring_in_many", params={"limit": f"{MOST_ENTRIES:,}"}))
    if not all(isinstance(as_object(each).get("resource"), dict) for each in listed):
        raise NotRead(Fault("bring_in_other_file"))
    try:
        tree = decoded(text)
    except msgspec.DecodeError:  # a figure that no decimal holds
        raise NotRead(Fault("bring_in_broken")) from None
    return [each["resource"] for each in tree["entry"]], resources.is_part(tree)


def _plainly(fault: Fault) -> Fault:
    """Of what can be wrong with JSON, what a reader of the page can do something with."""
    if fault.reason in ("invalid_json", "duplicate_key", "bad_character"):
        return Fault("bring_in_broken")
    if fault.reason == "not_a_resource":
        return Fault("bring_in_other_file")
    return Fault("bring_in_deep") if fault.reason == "too_deep" else fault


def _divided(entries: list[Json]) -> tuple[list[Json], list[Json]]:
    """Whom it is about, and the records: a Patient that a facility sent is one."""
    patients: list[Json] = []
    others: list[Json] = []
    for each in entries:
        is_person = each.get("resourceType") == "Patient" and filed_of(each) is None
        (patients if is_person else others).append(each)
    return patients, others


def _subject(patients: list[Json], person: Person) -> str:
    if len(patients) != 1:
        raise NotRead(Fault("bring_in_nobody" if not patients else "bring_in_several"))
    (patient,) = patients
    names = [as_text(each.get("text")) for each in as_objects(patient.get("name"))]
    is_named = any(are_alike(each, one) for each in names for one in person[:2] if each)
    if not is_named or patient.get("birthDate") != person.birth_on.isoformat():
        raise NotRead(Fault("bring_in_other_person"))
    return as_text(patient.get("id"))


def _judged(
    resource: Json, subject: str, categories: frozenset[str], books: Mapping[str, bytes]
) -> Item | Left:
    name = as_text(resource.get("resourceType"))
    own, filed, source = own_name(resource), filed_of(resource), source_of(resource)
    if name == "Consent" and own is None:
        return Left("settings", name)
    if name not in R4_TYPES:
        return Left("unknown", "")
    if source is None and not _is_about(resource, subject):
        raise NotRead(Fault("bring_in_other_person"))
    if own is None and (faults := parse.check(resource, name)):
        is_known = faults[0].reason not in ("not_patient_data", "unsupported_type")
        return Left("faulty" if is_known else "unknown", name)
    if filed is None or (own is not None and not _is_entry(resource, own)):
        return Left("faulty", name)
    what = classify(resource, SubjectRef())
    if what.marks & HIDDEN_MARKS:
        return Left("faulty", name)
    if source is None and any(map(contains_my_number, _words(resource))):
        return Left("my_number", name)
    category = filed.category if filed.category in categories else what.category
    kind = KINDS.get(own.kind) if own is not None else None
    return Item(
        resource=resource,
        resource_type=name,
        category=kind.category if kind else category,
        title=kind.title if kind else _plain(filed.title or what.title),
        level=max(what.sensitivity, filed.level),
        on=what.effective_on,
        at=what.effective_at,
        own=own,
        identifier=_identifier(what.identifier) if own is None and source is None else None,
        marks=what.marks,
        is_facilitys=source is not None,
        digest=resources.digest(resource, books),
    )


def _is_entry(resource: Json, own: Own) -> bool:
    """What its book reads of an entry whatever its kind: who wrote it, and a name."""
    meta, device = as_object(resource.get("meta")), resource.get("device", {})
    said = meta.get("tag")
    tags = as_objects(said)
    if not isinstance(said, list) or len(tags) != len(said) or not isinstance(device, dict):
        return False
    if not all(isinstance(each.get("system"), str) for each in tags):
        return False
    by = [each.get("code") for each in tags if each.get("system") == PROVENANCE]
    is_named = (
        re.fullmatch("[a-z0-9-]{1,40}", own.kind) is not None and len(own.book) <= LONGEST_BOOK
    )
    if not (is_named and by and by[0] in ("self", "proxy", "device")):
        return False
    # A kind this release does not know is kept as a record: no book reads it.
    kind = KINDS.get(own.kind)
    return kind is None or is_of(kind, resource)


def _identifier(named: Identifier | None) -> tuple[str, str] | None:
    if named is None or max(len(named.system), len(named.value)) > LONGEST_NAME:
        return None
    return named.system, named.value


def _is_about(resource: Json, subject: str) -> bool:
    """What the participant wrote is of nobody else."""
    named = (as_text(as_object(resource.get(each)).get("reference")) for each in _SUBJECTS)
    return all(
        each in ("", f"Patient/{subject}", f"urn:uuid:{subject}") or not each.startswith("Patient/")
        for each in named
    )


def _plain(title: str) -> str:
    return "".join(c for c in title if c.isprintable())[:LONGEST_TITLE]


def _words(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        yield node
    elif isinstance(node, Mapping):
        for name, value in node.items():
            if name not in _NO_WORDS:
                yield from _words(value)
    elif isinstance(node, list):
        for each in node:
            yield from _words(each)
