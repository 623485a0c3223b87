"""Builds the world and does everything to copies of it, in this process alone."""

from collections.abc import AsyncIterator, Collection
from pathlib import Path

from api.core.crypto import KeyRing
from tests.access_log.tamper.kinds import Kind
from tests.access_log.tamper.scene import copied, drop_databases
from tests.access_log.tamper.table import KINDS
from tests.access_log.tamper.watching import Seen, after, at_once
from tests.access_log.tamper.world import build


async def run(
    server_dsn: str, home: Path, roles: KeyRing, ids: Collection[str] = ()
) -> AsyncIterator[tuple[Kind, Seen]]:
    chosen = [each for each in KINDS.values() if not ids or each.id in ids]
    world, app = await build(server_dsn, home, roles)
    for number, kind in enumerate(chosen):
        if kind.is_copied:
            async with copied(world, app, number) as scene:
                yield kind, await after(scene, kind)
    shared = [kind for kind in chosen if not kind.is_copied]
    async with copied(world, app, len(chosen)) as scene:
        for kind in shared:
            yield kind, await at_once(scene, kind)
        left = await after(scene, KINDS["nothing"])  # what was refused has left nothing behind
        if left:
            yield KINDS["nothing"], left
    await drop_databases(server_dsn, world.database, world.yesterday)
