"""Records coming in: read, matched to one participant, and stored whole or not at all."""

import asyncio
import re
from collections.abc import Callable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

import asyncpg

from api.core.actor import Actor
from api.core.database import unit_of_work
from api.core.errors import Conflict
from api.records.errors import NotStored
from api.records.incoming import folder as folder_files
from api.records.incoming import queries
from api.records.incoming.conditions import Conditions, condition_of
from api.records.incoming.folder import FileOutcome
from api.records.incoming.sending import Asked, Sending, Stored, StoredRecord, check_actor
from api.records.incoming.taking import store_body, store_built
from api.records.parse import Fault, Json

__all__ = ["FileOutcome", "Report", "Stored", "StoredRecord", "Update"]

Report = tuple[FileOutcome, ...]
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}")


class Update(NamedTuple):
    """Which record a PUT means: its id, or a search by identifier; and the version it follows."""

    resource_id: str | None = None
    query: str | None = None
    if_match: str | None = None


async def store(
    actor: Actor,
    body: bytes,
    *,
    resource_type: str | None = None,
    update: Update | None = None,
    if_none_exist: str | None = None,
    key: str | None = None,
) -> Stored:
    """Takes in one body in the name of the acting facility: one transaction, all or nothing.

    `resource_type` is what the sender's URL names; `update`, which record is meant; `if_none_exist`
    a search by identifier that must find nothing for a new one. `key` is one for one request: asked
    again within a day it gives the same answer. In a batch every entry is a transaction of its own.
    Raises `NotStored` with every fault, and `KeyReused`; a submission about somebody unknown is
    quarantined.
    """
    name = f"{'POST' if update is None else 'PUT'} /fhir/R4"
    name += f"/{resource_type}" if resource_type else ""
    asked = Asked(
        resource_type,
        update.resource_id if update else None,
        _conditions(update, if_none_exist),
        sha256(key.encode()).digest() if key is not None else None,
    )
    if key is not None:
        if not _KEY.fullmatch(key):
            raise NotStored([Fault("bad_key")])
        said = "\0".join([name, repr(update), repr(if_none_exist), ""]).encode()
        asked = asked._replace(request_hash=sha256(said + body).digest())
    return await store_body(Sending(actor, name, asked=asked), body)


def _conditions(update: Update | None, if_none_exist: str | None) -> Conditions:
    query, if_match = (update.query, update.if_match) if update else (None, None)
    read = condition_of(query=query, if_none_exist=if_none_exist, if_match=if_match)
    is_asked = query is not None or if_none_exist is not None
    if (is_asked and read.match is None) or (if_match is not None and read.version is None):
        raise NotStored([Fault("conditional")])
    return read


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
