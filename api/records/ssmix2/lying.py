"""How the versions of a patient's messages lie in the storage, beside what is known of them."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec

from api.records.ssmix2 import folder as storage
from api.records.ssmix2 import path
from api.records.ssmix2.accounting import Outcome
from api.records.ssmix2.folder import MAX_BYTES, Found
from api.records.ssmix2.lifecycle import effective_flag
from api.records.ssmix2.path import Name
from api.records.ssmix2.reading import Left, Unreadable, misplaced

KnownRow = Mapping[str, Any]
_SETTLED: Final = frozenset({"stored", "text", "superseded", "deleted"})


class Lying(NamedTuple):
    """One version of a message. `name` has the flag that counts; `stem` is its key in our books:
    where it lies, if it lies where it does not belong."""

    stem: str
    name: Name
    flags: str
    found: Found
    copies: tuple[Found, ...] = ()
    known: KnownRow | None = None
    fault: Unreadable | None = None
    body: bytes | None = None
    digest: bytes = b""


class SortedOut(NamedTuple):
    """`outcomes` of what needs no reading; `new` is to be read; `gone` waits in the quarantine."""

    outcomes: list[Outcome]
    new: list[Lying]
    gone: list[KnownRow]


def sort_out(
    root: Path, found: Sequence[Found], known: Mapping[str, KnownRow], *, is_linked: bool
) -> SortedOut:
    """`found` are one patient's files, `known` our books of them by stem."""
    outcomes: list[Outcome] = []
    stems: dict[str, list[Found]] = {}
    faults: dict[str, Unreadable] = {}
    above = root.parts
    for each in found:
        if each.name is None:
            outcomes.append(_no_message(each))
            continue
        folders = tuple(each.relative.split("/")[:-1])
        fault = misplaced((*above, *folders), each.name)
        stem = each.name.stem
        if fault is not None:
            stem = printable(each.relative[:-2]) if fault.reason == "misplaced" else stem
            faults[stem] = fault
        stems.setdefault(stem, []).append(each)
    new: list[Lying] = []
    for stem, files in stems.items():
        flags = "".join(sorted({each.name.flag for each in files if each.name}))
        flag = effective_flag(flags)
        main = next(each for each in files if each.name and each.name.flag == flag)
        copies = tuple(each for each in files if each is not main)
        row = known.get(stem)
        said = _known_outcome(row, flags, main, is_linked=is_linked)
        if said is not None:
            outcomes.append(said)
            outcomes += (Outcome(each.relative, "unchanged") for each in copies)
        elif main.name is not None:
            new.append(Lying(stem, main.name, flags, main, copies, row, faults.get(stem)))
    gone = [
        row
        for stem, row in known.items()
        if stem not in stems and row["state"] == "waiting" and row["quarantine_id"] is not None
    ]
    return SortedOut(outcomes, new, gone)


def printable(name: str) -> str:
    """A name as PostgreSQL takes it: bytes that are no UTF-8 stand as their numbers."""
    return name.encode("utf-8", "backslashreplace").decode()


def _no_message(found: Found) -> Outcome:
    if not found.is_file:
        return Outcome(found.relative, "not_a_message", "no_file")
    if path.is_of_extension(found.relative):
        return Outcome(found.relative, "not_a_message", "extension")
    return Outcome(found.relative, "not_a_message", "other_name")


def _known_outcome(
    row: KnownRow | None, flags: str, found: Found, *, is_linked: bool
) -> Outcome | None:
    """What is to be said of a file that lies as it lay; None if it has to be read."""
    if row is None:
        return None
    if (row["flags"], row["size"], row["modified_ns"]) != (flags, found.size, found.modified_ns):
        return None
    remains = remains_of(row["remains"])
    if row["state"] in _SETTLED:
        return Outcome(found.relative, "unchanged", remains=remains)
    if row["state"] == "waiting" and is_linked:
        return None
    return Outcome(found.relative, "quarantined", row["reason"], row["detail"])


def read_all(lying: Sequence[Lying], root: Path) -> list[Lying]:
    """The bodies, from disk; a file that cannot be read has a fault instead."""
    read = []
    for each in lying:
        body = storage.read(root, each.found)
        if body is None:
            reason = "too_large" if each.found.size > MAX_BYTES else "unreadable"
            read.append(each._replace(fault=Unreadable(reason)))
        else:
            read.append(each._replace(body=body, digest=sha256(body).digest()))
    return read


def remains_of(text: str | None) -> tuple[str, ...]:
    """The names of what no record says."""
    if not text:
        return ()
    return names_of(msgspec.json.decode(text, type=Left))


def names_of(left: Left) -> tuple[str, ...]:
    return (*(line[:3] for line in left.segments), *("?" for _ in left.undecoded))
