"""Records coming in: read, matched to one participant, and stored whole or not at all."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from uuid import UUID

import asyncpg

from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import Conflict
from api.records.incoming import folder as folder_files
from api.records.incoming import queries
from api.records.incoming.folder import FileOutcome
from api.records.incoming.sending import Sending, Stored, StoredRecord, check_actor
from api.records.incoming.taking import store_body, store_built
from api.records.parse import Json

__all__ = ["FileOutcome", "Report", "Stored", "StoredRecord"]

Report = tuple[FileOutcome, ...]


async def store(actor: Actor, body: bytes, *, resource_type: str | None = None) -> Stored:
    """Takes in one body in the name of the acting facility: one transaction, all or nothing.

    `resource_type` is what the sender's URL names. In a batch every entry is a transaction of its
    own. Raises `NotStored` with every fault; a submission about somebody unknown is quarantined.
    """
    name = f"POST /fhir/R4/{resource_type}" if resource_type else "POST /fhir/R4"
    return await store_body(Sending(actor, name), body, resource_type)


async def store_resources(
    actor: Actor, resources: Sequence[Json], *, name: str, subject: UUID | None = None
) -> Stored:
    """Takes in resources built here, in the facility's name: one transaction, all or nothing.

    They meet the same checks as what comes from outside, and name each other by `Type/id`. With
    `subject` all are about that participant, and need not say so; without, they name the person as
    a sender would. `name` says where they came from. A professional may act: the caller has decided
    that they may write. Raises `NotStored`; nothing is kept aside, that is the caller's.
    """
    return await store_built(Sending(actor, name, subject=subject), resources)


async def ingest_folder(
    actor: Actor,
    folder: Path,
    subjects: Mapping[str, str],
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Report:
    """Takes in every file below `folder`, each a transaction of its own; safe to run again.

    `subjects` maps a reference or identifier in the files to a card number. `progress` is told
    (done, total) after each file. Raises `SettingFault` before anything is read when the folder
    or a card is not there.
    """
    check_actor(actor)
    paths = await asyncio.to_thread(folder_files.files, folder)
    people = await folder_files.people(actor, subjects)
    outcomes = []
    for path in paths:
        name = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
        outcomes.append(
            await folder_files.take_in(Sending(actor, name, people, is_file=True), path)
        )
        progress(len(outcomes), len(paths))
    return tuple(outcomes)


async def link_local_id(actor: Actor, participant_id: UUID, local_id: str) -> None:
    """From now on the acting facility's patient number `local_id` means this participant.

    Raises `Conflict` when the number already means somebody else.
    """
    try:
        async with unit_of_work(actor, subject=participant_id) as tx:
            await queries.link_local_id(tx, local_id)
    except asyncpg.UniqueViolationError as error:
        raise Conflict from error
