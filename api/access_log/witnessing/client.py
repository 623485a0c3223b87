"""Tells the witnesses of the log's newest checkpoint, and notices what they know and we do not.

Whoever calls gives a `Source` and keeps what comes back; no database here. A witness that is
gone, slow or wrong costs its own result and nothing else.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

import msgspec

from api.access_log.transparency.entries import WIDTH
from api.access_log.verifier import (
    Checkpoint,
    Forged,
    Malformed,
    Note,
    SignatureLine,
    Vkey,
    cosigned_at,
    decimal,
    is_consistent,
    is_signed,
    parse_checkpoint,
    parse_note,
    to_base64,
)
from api.access_log.witnessing.door import Door, Fault, Params, WitnessFault, opened
from api.access_log.witnessing.listed import Witness
from api.access_log.witnessing.rules import MOST_ENTRIES
from api.access_log.witnessing.schemas import SeenLog, State
from api.core import clock

MIRROR_PATIENCE: Final = 120.0
FUTURE: Final = 300


class Source(Protocol):
    """The log as it is pushed. It is asked by one task at a time."""

    async def note(self) -> Note | None:
        """The newest checkpoint, as signed; None before the first."""

    async def consistency_proof(self, old_size: int, size: int) -> Sequence[bytes]: ...

    async def entries(self, start: int, end: int) -> bytes:
        """Of the tree, 34 bytes each, `end` not included."""

    async def keys(self) -> Sequence[Vkey]:
        """Every key the log ever signed with."""


class Pushed(msgspec.Struct, frozen=True, kw_only=True):
    """What came of one witness.

    `size` is the last of ours it is known to have seen. `evidence` is a checkpoint, shown by the
    witness, that we signed and our log does not contain: nobody else can have made it.
    """

    witness: Witness
    at: datetime
    size: int | None = None
    cosignature: SignatureLine | None = None
    mirrored: int | None = None
    fault: Fault | None = None
    evidence: str | None = None

    @property
    def is_alarm(self) -> bool:
        return self.fault in (Fault.SHORTER, Fault.FORKED)

    @property
    def must_halt(self) -> bool:
        """Signing on would make a second history.

        A shorter log halts at the witness's word, since what is signed cannot be taken back. That
        a proof was refused may be the way's fault, so a fork halts only with evidence.
        """
        return self.fault is Fault.SHORTER or (
            self.fault is Fault.FORKED and self.evidence is not None
        )


async def push_all(
    source: Source, witnesses: Sequence[Witness], known: Mapping[Vkey, int] | None = None
) -> list[Pushed]:
    """All at once; one result each, in their order. `known` has the last sizes, where kept.

    What the source raises is raised, once none asks it any more.
    """
    asked = _InTurn(source)
    async with opened() as http:
        results = await asyncio.gather(
            *(_push(Door(http, each), asked, (known or {}).get(each.key, 0)) for each in witnesses),
            return_exceptions=True,  # none goes on asking the source when this has returned
        )
    pushed = []
    for each in results:
        if isinstance(each, BaseException):
            raise each
        pushed.append(each)
    return pushed


async def seen(witness: Witness, origin: str, keys: Sequence[Vkey]) -> Note | None:
    """Our newest checkpoint there, signed by us and cosigned by it; for after a restore.

    None where it has none of ours. Raises `WitnessFault`.
    """
    async with opened() as http:
        return await _seen(Door(http, witness), origin, keys)


async def recovered(witness: Witness, origin: str, start: int, end: int) -> AsyncIterator[bytes]:
    """A mirror's entries, some whole ones at a time; it is for the caller to check their root.

    Raises `WitnessFault`.
    """
    async with opened() as http:
        door = Door(http, witness)
        while start < end:
            place: Params = {
                "origin": origin,
                "from": start,
                "count": min(end - start, MOST_ENTRIES),
            }
            status, _, raw = await door.get("entries", place)
            if status != 200 or not raw or len(raw) % WIDTH:
                raise WitnessFault(Fault.NO_MIRROR)
            start += len(raw) // WIDTH
            yield raw


async def _push(door: Door, source: "_InTurn", old: int) -> Pushed:
    said: dict[str, Any] = {"witness": door.witness, "at": clock.now()}
    try:
        note, said["cosignature"] = await _cosigned(door, source, old)
        said["size"] = parse_checkpoint(note.text).size
        if door.witness.is_mirror:
            said["mirrored"] = await _mirror(door, source, parse_checkpoint(note.text))
    except WitnessFault as error:
        said |= {"fault": error.fault, "evidence": error.evidence}
        said.setdefault("size", error.size)
    return Pushed(**said)


async def _cosigned(door: Door, source: "_InTurn", old: int) -> tuple[Note, SignatureLine]:
    note = await source.note()
    if note is None:
        raise WitnessFault(Fault.NO_CHECKPOINT)
    ours = parse_checkpoint(note.text)
    old = min(old, ours.size)
    for _ in range(2):  # once more, when it has told from where
        proof = await source.consistency_proof(old, ours.size)
        head = "".join(f"{line}\n" for line in (f"old {old}", *map(to_base64, proof)))
        status, kind, body = await door.post("add-checkpoint", f"{head}\n{note}".encode())
        if status == 200:
            return note, checked_cosignature(note, door.witness.key, body)
        if status != 409:
            break
        told = _told(kind, body)
        if told > ours.size:  # perhaps the log has grown in the meantime
            note = await source.note() or note
            ours = parse_checkpoint(note.text)
        if told > ours.size:
            evidence = await _evidence(door, source, ours)
            raise WitnessFault(Fault.SHORTER, size=told, evidence=evidence)
        if told == old:
            status = 422 if old == ours.size else status
            break
        old = told
    if status == 422:
        evidence = await _evidence(door, source, ours)
        raise WitnessFault(Fault.FORKED, size=old, evidence=evidence)
    raise WitnessFault({403: Fault.KEY_UNKNOWN, 404: Fault.LOG_UNKNOWN}.get(status, Fault.REFUSED))


def checked_cosignature(note: Note, key: Vkey, body: bytes) -> SignatureLine:
    """The configured key's, checked; other lines are ignored."""
    try:
        answered = parse_note(f"{note.text}\n{body.decode()}")
        seconds = cosigned_at(answered, key)
    except Forged:
        seconds = None
    except ValueError as error:
        raise WitnessFault(Fault.NOT_UNDERSTOOD) from error
    if seconds is None:
        raise WitnessFault(Fault.FORGED)
    if seconds > clock.now().timestamp() + FUTURE:
        raise WitnessFault(Fault.CLOCK_AHEAD)
    return next(
        each for each in answered.lines if (each.name, each.key_id) == (key.name, key.key_id)
    )


async def _mirror(door: Door, source: "_InTurn", ours: Checkpoint) -> int:
    """Sends the entries it has not got, as far as time allows; answers how many it has then."""
    seen_log = await _state(door, ours.origin)
    if seen_log is None:
        raise WitnessFault(Fault.NO_MIRROR)
    mirrored = seen_log.mirrored
    until = asyncio.get_running_loop().time() + MIRROR_PATIENCE
    while mirrored < ours.size and asyncio.get_running_loop().time() < until:
        end = min(ours.size, mirrored + MOST_ENTRIES)
        proof = await source.consistency_proof(end, ours.size)
        head = "".join(f"{to_base64(each)}\n" for each in proof)
        body = f"{head}\n".encode() + await source.entries(mirrored, end)
        place: Params = {"origin": ours.origin, "from": mirrored}
        status, kind, answer = await door.post("add-entries", body, place)
        if status not in (200, 409):
            raise WitnessFault(
                Fault.NO_MIRROR if status == 404 else Fault.ENTRIES_REFUSED, size=mirrored
            )
        mirrored = _told(kind, answer)
    return mirrored


async def _evidence(door: Door, source: "_InTurn", ours: Checkpoint) -> str | None:
    """What it saw, if we signed that and our log does not begin with it."""
    try:
        note = await _seen(door, ours.origin, await source.keys())
    except WitnessFault:
        return None
    if note is None:
        return None
    _, size, root = parse_checkpoint(note.text)
    if size <= ours.size:
        proof = await source.consistency_proof(size, ours.size)
        if is_consistent(size, root, ours.size, ours.root, proof):
            return None
    return str(note)


async def _seen(door: Door, origin: str, keys: Sequence[Vkey]) -> Note | None:
    found = await _state(door, origin)
    if found is None:
        return None
    try:
        note = parse_note(found.checkpoint)
        is_ours = any(is_signed(note, key) for key in keys)
        is_theirs = cosigned_at(note, door.witness.key) is not None
        if is_ours and is_theirs and parse_checkpoint(note.text).origin == origin:
            return note
    except (Forged, Malformed):
        pass
    raise WitnessFault(Fault.FORGED)


async def _state(door: Door, origin: str) -> SeenLog | None:
    status, _, body = await door.get("state")
    try:
        logs = msgspec.json.decode(body, type=State).logs if status == 200 else []
    except msgspec.DecodeError as error:
        raise WitnessFault(Fault.NOT_UNDERSTOOD) from error
    return next((each for each in logs if each.origin == origin), None)


def _told(kind: str, body: bytes) -> int:
    """The size in a 409 (c2sp.org/tlog-witness)."""
    text = body.decode("ascii", "replace")
    try:
        if kind.partition(";")[0].strip() == "text/x.tlog.size" and text.endswith("\n"):
            return decimal(text[:-1])
    except Malformed:
        pass
    raise WitnessFault(Fault.NOT_UNDERSTOOD)


class _InTurn:
    """The source behind a lock: the witnesses are many, and its connection may be one."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._turn = asyncio.Lock()

    async def note(self) -> Note | None:
        async with self._turn:
            return await self._source.note()

    async def consistency_proof(self, old_size: int, size: int) -> Sequence[bytes]:
        async with self._turn:
            return await self._source.consistency_proof(old_size, size)

    async def entries(self, start: int, end: int) -> bytes:
        async with self._turn:
            return await self._source.entries(start, end)

    async def keys(self) -> Sequence[Vkey]:
        async with self._turn:
            return await self._source.keys()
