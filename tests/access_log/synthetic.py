"""A whole access log in memory, without database or clock: the same bytes at every run.

`python -m tests.access_log.synthetic DIR` writes good and bad bundles with what a verifier must
answer (`cases.py`), for verifiers in other languages.
"""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple
from uuid import UUID

import rfc8785
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api.access_log import verifier as v
from api.access_log.transparency import bundle as bundles
from api.access_log.transparency import entries, head_map, notes, tree
from api.access_log.transparency.entries import EntryType

ORIGIN: Final = "log.example.jp/synthetic"
MORNING: Final = 1_746_230_400_000_000
"""3 May 2025, 00:00 UTC."""
SECOND: Final = 1_000_000
HOUR: Final = 3600 * SECOND
HANAKO: Final = UUID("01970000-0000-7000-8000-00000000ca0a")
TARO: Final = UUID("01970000-0000-7000-8000-00000000da0b")


def drawn(*name: object) -> bytes:
    """32 bytes that look random and are always the same."""
    return v.sha256("/".join(map(str, ("synthetic", *name))).encode())


def key(*name: object) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(drawn("key", *name))


class Witness(NamedTuple):
    name: str
    key: Ed25519PrivateKey

    @property
    def vkey(self) -> v.Vkey:
        return notes.vkey(self.name, self.key, v.COSIGNATURE)


WITNESSES: Final = tuple(
    Witness(name, key(name)) for name in ("witness.example.org/one", "witness.example.net/two")
)


@dataclass
class Event:
    """One event as the log keeps it; `leaf` once it is in the tree."""

    participant: UUID
    number: int
    previous: bytes
    at: int
    ek: bytes
    values: dict[str, Any]
    texts: dict[str, str]
    digests: dict[str, bytes]
    inner: bytes
    commit: bytes
    leaf: int | None = None


@dataclass
class MadeMap:
    at: int
    made: head_map.HeadMap
    numbers: dict[UUID, int]
    leaf: int

    def tile(self, level: int, number: int) -> bytes:
        for each in self.made.tiles:
            if (each.level, each.number) == (level, number):
                return each.hashes
        return b""


@dataclass
class Log:
    origin: str = ORIGIN
    now: int = MORNING
    keys: list[Ed25519PrivateKey] = field(default_factory=lambda: [key("log", 1)])
    changes: list[v.Note] = field(default_factory=list)
    events: dict[UUID, list[Event]] = field(default_factory=dict)
    positions: dict[UUID, int] = field(default_factory=dict)
    entries: list[bytes] = field(default_factory=list)
    maps: list[MadeMap] = field(default_factory=list)

    def __post_init__(self) -> None:
        if not self.entries:
            self.entries.append(entries.genesis(self.origin))

    @property
    def vkeys(self) -> list[v.Vkey]:
        return [notes.vkey(self.origin, each) for each in self.keys]

    @property
    def size(self) -> int:
        return len(self.entries)

    def source(self) -> tree.HashAt:
        return tree.over(b"".join(map(v.leaf_hash, self.entries)))

    def root(self, size: int | None = None) -> bytes:
        return tree.root(self.source(), self.size if size is None else size)

    def blind(self, participant: UUID) -> bytes:
        return v.sha256(drawn("blind key") + participant.bytes)

    def append(self, participant: UUID, *, after: int = SECOND, **values: Any) -> Event:
        """One event, not yet in the tree. `values` replace those of an ordinary reading."""
        self.now += after
        told = self.events.setdefault(participant, [])
        self.positions.setdefault(participant, len(self.positions))
        number = len(told) + 1
        previous = told[-1].commit if told else v.ZEROS
        event = committed(participant, number, previous, self.now, reading(number) | values)
        told.append(event)
        return event

    def seal(self, *, after: int = SECOND) -> int:
        """Brings what waits into the tree, oldest first; answers the size."""
        self.now += after
        waiting = [each for told in self.events.values() for each in told if each.leaf is None]
        for each in sorted(waiting, key=lambda each: each.at):
            each.leaf = self._enter(EntryType.PARTICIPANT_EVENT, each.commit)
        return self.size

    def count(self, *, is_hasty: bool = False) -> MadeMap:
        """A head map of all that is in the tree; a hasty one also of what is not yet."""
        numbers = {
            participant: sum(is_hasty or each.leaf is not None for each in told)
            for participant, told in self.events.items()
        }
        heads = [
            head_map.Head(
                self.positions[participant],
                number,
                self.events[participant][number - 1].commit,
                self.blind(participant),
            )
            for participant, number in numbers.items()
            if number
        ]
        made = head_map.build(sorted(heads))
        leaf = self._enter(EntryType.HEAD_MAP, v.head_map_value(self.now, made.root))
        self.maps.append(MadeMap(self.now, made, numbers, leaf))
        return self.maps[-1]

    def pad(self, count: int) -> None:
        """Events of people who do not matter here."""
        for _ in range(count):
            self._enter(EntryType.SYSTEM_EVENT, drawn("system", self.size))

    def rotate(self) -> None:
        new = key("log", len(self.keys) + 1)
        change = notes.key_change(self.origin, self.keys[-1], notes.vkey(self.origin, new))
        self.keys.append(new)
        self.changes.append(change)
        self._enter(EntryType.KEY_CHANGE, v.key_change_value(change.text))

    def checkpoint(
        self, witnesses: Sequence[Witness] = (), *, seconds: int | None = None
    ) -> v.Note:
        note = notes.checkpoint(self.origin, self.size, self.root(), self.keys[-1])
        at = self.now // SECOND if seconds is None else seconds
        lines = [notes.cosignature_line(note.text, *each, at) for each in witnesses]
        return v.Note(note.text, (*note.lines, *lines))

    def bundle(
        self,
        participant: UUID = HANAKO,
        *,
        checkpoint: v.Note | None = None,
        witnesses: Sequence[Witness] = (),
        before: int = 0,
        since: int | None = None,
    ) -> dict[str, Any]:
        told = self.events.get(participant, [])
        source = self.source()
        consistency = since is not None and v.Consistency(
            since, self.root(since), tree.consistency(source, since, self.size)
        )
        return bundles.build(
            origin=self.origin,
            log_key=str(self.vkeys[0]),
            participant=participant,
            checkpoint=str(checkpoint or self.checkpoint(witnesses)),
            key_changes=list(map(str, self.changes)),
            before=(before, told[before - 1].commit if before else v.ZEROS),
            events=[self.shown(each) for each in told[before:]],
            size=self.size,
            hash_at=source,
            head_map=self.head_proof(participant),
            consistency=consistency or None,
        )

    def head_proof(self, participant: UUID) -> v.HeadProof | None:
        if not self.maps or not self.maps[-1].numbers.get(participant):
            return None
        newest = self.maps[-1]
        position = self.positions[participant]
        return v.HeadProof(
            newest.leaf,
            newest.at,
            newest.made.root,
            position,
            self.blind(participant),
            newest.numbers[participant],
            head_map.proof(newest.tile, position),
        )

    def shown(self, event: Event) -> bundles.ShownEvent:
        embargo = event.values["embargo"] or {"fields": [], "reason": "", "until": ""}
        hidden = embargo["fields"]
        names = [name for name in v.FIELDS if name != "other" and name not in hidden]
        withheld = [bundles.Withheld("other", event.digests["other"])] + [
            bundles.Withheld(name, event.digests[name], embargo["reason"], embargo.get("until"))
            for name in hidden
        ]
        promise = None
        if event.leaf is None:
            promise = notes.receipt(event.commit, event.at, self.origin, self.keys[-1])
        return bundles.ShownEvent(
            event.number,
            event.at,
            event.commit,
            event.leaf,
            [(name, event.texts[name]) for name in names],
            withheld,
            ek=None if hidden else event.ek,
            salts={name: v.salt(event.ek, name) for name in names} if hidden else None,
            receipt=promise,
        )

    def proof(self, event: Event, checkpoint: v.Note | None = None) -> str:
        assert event.leaf is not None
        return bundles.tlog_proof(
            inner=event.inner,
            participant=event.participant,
            number=event.number,
            previous=event.previous,
            at=event.at,
            leaf=event.leaf,
            size=self.size,
            hash_at=self.source(),
            checkpoint=str(checkpoint or self.checkpoint()),
        )

    def _enter(self, kind: EntryType, value: bytes) -> int:
        self.entries.append(v.entry_of(kind, value))
        return self.size - 1


def committed(
    participant: UUID, number: int, previous: bytes, at: int, values: Mapping[str, Any]
) -> Event:
    ek, ek_other = drawn("ek", participant, number), drawn("ek other", participant, number)
    texts = {name: rfc8785.dumps(values[name]).decode() for name in v.FIELDS}
    digests = {
        name: v.field_digest(v.salt(ek_other if name == "other" else ek, name), name, text)
        for name, text in texts.items()
    }
    inner = v.inner_hash(digests.values())
    commit = v.commit_hash(inner, participant.bytes, number, previous, at)
    return Event(participant, number, previous, at, ek, dict(values), texts, digests, inner, commit)


def reading(number: int) -> dict[str, Any]:
    """Dr Satō reads two prescriptions."""
    return {
        "about": {
            "v": 1,
            "eid": str(UUID(bytes=drawn("eid", number)[:16])),
            "event": "records:record:read",
            "outcome": "permitted",
            "profile": {"id": "synthetic", "version": 1},
        },
        "actor": {
            "kind": "professional",
            "id": str(UUID(bytes=drawn("sato")[:16])),
            "name": "佐藤 健",
            "profession": "physician",
            "facility": {
                "id": str(UUID(bytes=drawn("clinic")[:16])),
                "ja": "さくら内科クリニック",
                "en": "Sakura Clinic",
            },
        },
        "on_behalf": None,
        "way": {"client": "emr", "session": None, "emergency": None, "facility_seq": number},
        "purpose": "TREAT",
        "basis": {
            "basis": "directive",
            "versions": {"settings": 4, "profile": 1},
            "text": {
                "ja": "診療所に処方を見せる設定にしているため",
                "en": "because you allowed clinics to see prescriptions",
            },
            "asked": ["prescription"],
        },
        "resources": {
            "types": [{"type": "MedicationRequest", "category": "prescription", "count": 2}],
            "ids": v.to_base64url(drawn("record", number)),
        },
        "detail": {},
        "embargo": None,
        "other": {},
    }


if __name__ == "__main__":
    from tests.access_log import cases

    folder = Path(sys.argv[1])
    print(f"{cases.write(folder)} cases are in {folder}")
