"""Files of a folder: each found, read and taken in, or kept aside with its reason."""

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, NamedTuple
from uuid import UUID

from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.settings import SettingFault
from api.records import queries
from api.records.errors import NotStored
from api.records.incoming.quarantine import keep
from api.records.incoming.sending import MY_NUMBER, NOT_TAKEN, Sending
from api.records.incoming.taking import store_body
from api.records.mapping import Identifier
from api.records.parse import MAX_BYTES, Fault


class FileOutcome(NamedTuple):
    """`records` were stored by this run. A refused file is kept nowhere but where it lies."""

    name: str
    state: Literal["stored", "unchanged", "quarantined", "refused"]
    records: int
    faults: tuple[Fault, ...]


async def take_in(sending: Sending, path: Path) -> FileOutcome:
    """One file: stored, unchanged, set aside whole, or kept nowhere. What it says never raises."""
    body = await asyncio.to_thread(_read, path)
    if isinstance(body, Fault):
        return FileOutcome(sending.name, "refused", 0, (body,))
    faults: tuple[Fault, ...] = ()
    named: tuple[Identifier, ...] = ()
    records = 0
    try:
        stored = await store_body(sending, body)
    except NotStored as refusal:
        faults, named = refusal.faults, refusal.named
    else:
        for entry in stored.entries:
            if isinstance(entry, NotStored):
                faults += entry.faults
                named += entry.named
            elif entry is not None:
                records += entry.change != "unchanged"
    if not faults:
        return FileOutcome(sending.name, "stored" if records else "unchanged", records, ())
    if any(fault.reason == NOT_TAKEN for fault in faults):
        return FileOutcome(sending.name, "refused", records, faults)
    if not await keep(sending, body, faults, named=named):
        return FileOutcome(sending.name, "refused", records, (*faults, Fault(MY_NUMBER)))
    return FileOutcome(sending.name, "quarantined", records, faults)


def files(folder: Path) -> list[Path]:
    """All below it that is no folder, by name. Raises `SettingFault` where there is none."""
    if not folder.is_dir():
        raise SettingFault(f"There is no folder {folder}. Nothing was stored.")
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


async def people(actor: Actor, subjects: Mapping[str, str]) -> dict[str, UUID]:
    """`subjects` maps a sender's name for somebody to a card's number; the answer to a participant.

    Raises `SettingFault` for a card that is nobody's.
    """
    people = {}
    async with unit_of_work(actor) as tx:
        for name, card in subjects.items():
            digits = card.replace("-", "").replace(" ", "")
            person = await queries.participant_of_card(tx, digits)
            if person is None:
                raise SettingFault(f"No active card has the number given for {name}.")
            people[name] = person
    return people


def _read(path: Path) -> bytes | Fault:
    try:
        if not path.is_file():
            return Fault("unreadable")
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError:
        return Fault("unreadable")
    if len(body) > MAX_BYTES:
        return Fault("too_large", params={"limit": str(MAX_BYTES // (1024 * 1024))})
    return body
