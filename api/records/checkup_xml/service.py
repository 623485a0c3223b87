"""A facility's checkups in the national form: each file one transaction, each accounted for."""

import asyncio
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final
from uuid import UUID

from api.core import clock
from api.core.actor import Actor
from api.core.database import unit_of_work
from api.records import queries
from api.records.checkup_xml import archive, matching, resources
from api.records.checkup_xml import queries as checkup_queries
from api.records.checkup_xml.reading import Checkup, Unreadable, read
from api.records.errors import NotStored
from api.records.incoming.folder import FileOutcome, files, people
from api.records.incoming.quarantine import keep
from api.records.incoming.sending import MY_NUMBER, NOT_TAKEN, UNKNOWN, Sending
from api.records.incoming.service import Report, store
from api.records.parse import Fault, encode

OTHER_PERSON: Final = "checkup_other_person"


async def ingest_folder(
    actor: Actor,
    folder: Path,
    subjects: Mapping[str, str],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Takes in every checkup below `folder`, also those in the national ZIP; safe to run again.

    `subjects` maps an insurance, as `insurer:symbol:number:branch` or the number alone, to a card.
    Raises `SettingFault` before anything is read when the folder or a card is not there.
    """
    paths = await asyncio.to_thread(files, folder)
    known = await people(actor, subjects)
    outcomes: list[FileOutcome] = []
    for done, path in enumerate(paths, start=1):
        name = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
        body = await asyncio.to_thread(_read, path)
        for inner, found in _unpacked(name, body):
            if isinstance(found, Fault):
                outcomes.append(FileOutcome(inner, "refused", 0, (found,)))
            else:
                outcomes.append(await ingest(actor, inner, found, known))
        progress(done, len(paths))
    return tuple(outcomes)


async def ingest(
    actor: Actor, name: str, body: bytes, known: Mapping[str, UUID] | None = None
) -> FileOutcome:
    """One checkup: stored, or set aside whole with the reason. A 個人番号 is kept nowhere.

    `known`: whom the operator says an insurance is of, beside what the directory holds.
    """
    try:
        checkup = await asyncio.to_thread(read, body, clock.today_in_japan())
    except Unreadable as unreadable:
        if not unreadable.may_keep:
            return FileOutcome(name, "refused", 0, (unreadable.fault,))
        return await _set_aside(actor, name, body, unreadable.fault)
    person = await _whose(actor, checkup, known or {})
    if isinstance(person, Fault):
        return await _set_aside(actor, name, body, person)
    found = resources.resources_of(checkup, body, f"Patient/{person}")
    sent = encode(resources.collection_of(found)).encode()
    try:
        stored = await store(actor, sent)
    except NotStored as refusal:
        if refusal.faults[0].reason == NOT_TAKEN:
            return FileOutcome(name, "refused", 0, refusal.faults)
        return await _set_aside(actor, name, body, refusal.faults[0])
    records = sum(
        entry is not None and not isinstance(entry, NotStored) and entry.change != "unchanged"
        for entry in stored.entries
    )
    return FileOutcome(name, "stored" if records else "unchanged", records, checkup.notes)


async def _set_aside(actor: Actor, name: str, body: bytes, fault: Fault) -> FileOutcome:
    if not await keep(Sending(actor, name), body, [fault], cases=(UNKNOWN, OTHER_PERSON)):
        return FileOutcome(name, "refused", 0, (fault, Fault(MY_NUMBER)))
    return FileOutcome(name, "quarantined", 0, (fault,))


async def _whose(actor: Actor, checkup: Checkup, known: Mapping[str, UUID]) -> UUID | Fault:
    """By the operator's word and the birth date; else by insurance and all that is said of them.

    More than one fit, such as twins of one name, is nobody.
    """
    found = {known[name] for name in matching.names_of(checkup.person) if name in known}
    is_vouched, insurance = bool(found), matching.insurance_of(checkup.person)
    if not found and insurance is not None:
        async with unit_of_work(actor) as tx:
            birth_on = checkup.person.birth_on
            found = set(await checkup_queries.people_of_insurance(tx, insurance, birth_on))
    fitting = [each for each in found if await _fits(actor, each, checkup, is_vouched=is_vouched)]
    if len(fitting) == 1:
        return fitting[0]
    return Fault(OTHER_PERSON if found else UNKNOWN, "recordTarget/patientRole")


async def _fits(actor: Actor, subject: UUID, checkup: Checkup, *, is_vouched: bool) -> bool:
    async with unit_of_work(actor, subject=subject) as tx:
        person = await queries.person(tx)
    if person is None:
        return False
    if is_vouched:
        return bool(person["birth_on"] == checkup.person.birth_on)
    return matching.is_about(checkup.person, *person.values())


def _read(path: Path) -> bytes | Fault:
    try:
        if not path.is_file():
            return Fault("unreadable")
        with path.open("rb") as file:
            return file.read(archive.MAX_ARCHIVE + 1)
    except OSError:
        return Fault("unreadable")


def _unpacked(name: str, body: bytes | Fault) -> Iterator[tuple[str, bytes | Fault]]:
    if isinstance(body, Fault) or not archive.is_archive(body):
        yield name, body
        return
    for inner, found in archive.members(body):
        yield f"{name}/{inner}" if inner else name, found
