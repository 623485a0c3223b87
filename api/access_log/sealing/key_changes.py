"""Statements of key changes once more, outside the database: a restore must not lose the key."""

import json
from pathlib import Path
from typing import Final

import asyncpg

from api.access_log.sealing import queries
from api.access_log.sealing.last_checkpoint import replace
from api.access_log.verifier import key_change_value, parse_note

PLACE: Final = Path("log") / "key_changes.json"


async def keep(connection: asyncpg.Connection, home: Path) -> None:
    """Oldest first."""
    notes = await queries.key_change_notes(connection)
    replace(home / PLACE, json.dumps(notes, ensure_ascii=False, indent=1))


async def bring_back(connection: asyncpg.Connection, home: Path) -> None:
    """Those that the database has lost."""
    try:
        kept = json.loads((home / PLACE).read_text("utf-8"))
    except FileNotFoundError:
        return
    there = await queries.key_change_notes(connection)
    if kept[: len(there)] == there:
        for note in kept[len(there) :]:
            value = key_change_value(parse_note(note).text)
            await queries.add_key_change(connection, note, value)
