"""Lists of papers handed in at the portal, taken in while the officer may look elsewhere."""

import asyncio
import io
from typing import Final
from uuid import UUID

from api.consent.lifecycle import paper_import
from api.consent.lifecycle.papers import Fault, Paper
from api.consent.lifecycle.scans import Scans, in_archive
from api.core.actor import Actor
from api.core.logging import log

_under_way: Final[set[asyncio.Task[None]]] = set()


async def start(actor: Actor, name: str, table: bytes, archive: bytes) -> UUID:
    """Answers at once; `paper_import.one_import` says how far it is.

    `archive` is a zip of scans. Raises `papers.NotAList` and `scans.NotAnArchive`, and then
    nothing is taken in.
    """
    scans = await asyncio.to_thread(in_archive, io.BytesIO(archive))
    import_id, lines = await paper_import.begin(actor, name, table)
    task = asyncio.create_task(_run(actor, import_id, lines, scans))
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    return import_id


async def finished() -> None:
    """When nothing is under way in this process any more."""
    while _under_way:
        await asyncio.wait(_under_way)


async def _run(
    actor: Actor, import_id: UUID, lines: list[Paper | list[Fault]], scans: Scans
) -> None:
    try:
        await paper_import.take_in(actor, import_id, lines, scans)
    except Exception as error:  # nobody waits for it; what it says may hold what was written
        # The list stays unfinished, and its page says that it may be handed in again.
        log.error("papers:import:stopped", error=type(error).__name__)
