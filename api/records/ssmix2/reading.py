"""One file of a storage as the records it holds, or why it holds none. Never raises."""

from datetime import date
from typing import Final, NamedTuple

import msgspec

from api.identity.my_number import contains_my_number
from api.records.mapping import FIRST_DAY, Classified, Identifier, SubjectRef, classify
from api.records.parse import Json, check
from api.records.ssmix2 import decode, er7
from api.records.ssmix2.coded import Context, birth_on
from api.records.ssmix2.kinds import KINDS
from api.records.ssmix2.path import LIVE, NO_DATE, Name, OrderKey, day_of, lies_where_it_says

# A23 deletes a person's basic data.
_WITHDRAWN_BY: Final = {("ADT-00", "A23")}


class Left(msgspec.Struct, frozen=True, omit_defaults=True):
    """What no record says: kept with the file, and listed."""

    segments: tuple[str, ...] = ()
    undecoded: tuple[tuple[int, str], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.segments or self.undecoded)


class Item(NamedTuple):
    """One record to be. `name` tells it from the others of its message."""

    name: str
    resource: Json
    classified: Classified
    effective_on: date
    title: str


class Read(NamedTuple):
    """The records of a message, and what no record says.

    `birth_on` is that of PID-7; `is_text`: kept as a text for want of a type of its own;
    `is_withdrawn`: the message takes back what its order said.
    """

    items: tuple[Item, ...]
    left: Left
    birth_on: date | None
    is_text: bool = False
    is_withdrawn: bool = False


class Unreadable(NamedTuple):
    """`reason` ends the key of a text; `detail` names a type or a segment, never a person."""

    reason: str
    detail: str = ""


def misplaced(folders: tuple[str, ...], name: Name) -> Unreadable | None:
    """What a file's name and folders alone tell against it."""
    if not lies_where_it_says(folders, name):
        return Unreadable("misplaced")
    kind = KINDS.get(name.key.type)
    if kind is None:
        return Unreadable("unknown_type", name.key.type)
    if name.day is None and (kind.is_dated or name.key.date != NO_DATE):
        return Unreadable("bad_path_date")
    if day_of(name.stamp) is None:
        return Unreadable("bad_path_date")
    return None


def read(body: bytes, name: Name, subject: Json, number_system: str) -> Read | Unreadable:
    """`subject` is the reference the records carry. The date of a record is what its type's table
    says, else the folder's, else the day the message was written."""
    try:
        return _read(body, name, subject, number_system)
    except Exception:  # no file, however broken, may stop the others; it is kept and listed
        return Unreadable("unforeseen")


def _read(body: bytes, name: Name, subject: Json, number_system: str) -> Read | Unreadable:
    decoded = decode.decode(body)
    try:
        message = er7.parse(decoded.lines)
    except er7.NotAMessage as refusal:
        return Unreadable(refusal.reason)
    kind = KINDS[name.key.type]
    if message.head.text(9) != kind.message:
        return Unreadable("other_message", message.head.text(9)[:8])
    pid = message.first("PID")
    if pid is None:
        return Unreadable("no_patient")
    if name.patient not in {each.text(1) for each in pid.every(3)}:
        return Unreadable("other_patient")
    birth = birth_on(pid.text(7))
    if (name.key.type, message.head.text(9, 2)) in _WITHDRAWN_BY:
        return Read((), Left(), birth, is_withdrawn=True)
    context = Context(subject, number_system, name.patient, name.key, name.stamp)
    parts = kind.mapper(message, context)
    others = tuple(_kept(each) for each in message.segments if each.name not in kind.said)
    left = Left(others, tuple((each.line, each.bytes_hex) for each in decoded.undecoded))
    written = day_of(name.stamp)
    items = []
    for part in parts:
        if check(part.resource, part.resource["resourceType"]):
            return Unreadable("incomplete", part.resource["resourceType"])
        what = classify(part.resource, _SUBJECT)
        if part.level > what.sensitivity:
            what = msgspec.structs.replace(what, sensitivity=part.level)
        on = what.effective_on or name.day or written or FIRST_DAY
        items.append(Item(part.name, part.resource, what, on, part.title or what.title))
    if not items and name.flag == LIVE:
        return Unreadable("empty")
    return Read(tuple(items), left, birth, kind.is_text)


def _kept(segment: er7.Segment) -> str:
    """A 個人番号 is kept nowhere; that there was such a segment is (番号法 art. 20)."""
    return segment.name if contains_my_number(segment.line) else segment.line


_SUBJECT: Final = SubjectRef()


def identifier(name: Name, part: str, number_system: str) -> Identifier:
    """Under which a record stands, version to version."""
    return Identifier(order_system(number_system), f"{order_name(name.patient, name.key)}/{part}")


def order_system(number_system: str) -> str:
    return f"{number_system}:ssmix2"


def order_name(patient: str, key: OrderKey) -> str:
    """Its four parts hold no "/": they are names of files and folders."""
    return "/".join((patient, *key))
