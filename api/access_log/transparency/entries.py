"""What the tree holds: entries of 34 bytes, and their leaves."""

from enum import IntEnum
from hashlib import sha256
from typing import Final, NamedTuple

from api.access_log import verifier

WIDTH: Final = 34


class EntryType(IntEnum):
    PARTICIPANT_EVENT = verifier.PARTICIPANT_EVENT
    SYSTEM_EVENT = verifier.SYSTEM_EVENT
    HEAD_MAP = verifier.HEAD_MAP
    KEY_CHANGE = verifier.KEY_CHANGE
    ERASURE = verifier.ERASURE
    PADDING = verifier.PADDING


class Entry(NamedTuple):
    type: EntryType
    value: bytes

    def __bytes__(self) -> bytes:
        return verifier.entry_of(self.type, self.value)


def parse(entry: bytes) -> Entry:
    if len(entry) != WIDTH or entry[0] != 0x01:
        raise verifier.Malformed("an entry of 34 bytes was expected")
    try:
        return Entry(EntryType(entry[1]), entry[2:])
    except ValueError as error:
        raise verifier.Malformed("an entry of a known type was expected") from error


def genesis(origin: str) -> bytes:
    """Entry 0 of a log, so that no tree that is signed is empty."""
    return verifier.entry_of(EntryType.PADDING, verifier.genesis_value(origin))


def divided(entries: bytes) -> list[bytes]:
    """Of entries one after the other."""
    return [entries[start : start + WIDTH] for start in range(0, len(entries), WIDTH)]


def leaves(entries: bytes) -> bytes:
    """The leaf hashes of entries, both as bytes one after the other."""
    return b"".join(
        [
            sha256(b"\x00" + entries[start : start + WIDTH]).digest()
            for start in range(0, len(entries), WIDTH)
        ]
    )
