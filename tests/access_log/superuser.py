"""What triggers refuse to everybody else, done by PostgreSQL's superuser."""

from typing import Any, Final

import asyncpg

TRIES: Final = 4
TRIGGERS: Final = """
SELECT t.tgrelid::regclass::text AS relation, t.tgname AS name, t.tgenabled::text AS mode
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgparentid = 0
  AND c.relnamespace IN ('public'::regnamespace, 'keystore'::regnamespace)
"""
MODES: Final = {"A": "ENABLE ALWAYS", "O": "ENABLE", "R": "ENABLE REPLICA", "D": "DISABLE"}


async def unguarded(admin: Any, *statements: str) -> None:
    """Every guard off, the deeds, every guard back as it was. It locks all tables while rounds of
    the service go on: where PostgreSQL ends it for that, it begins anew."""
    for _ in range(TRIES):
        try:
            return await _unguarded(admin, *statements)
        except asyncpg.DeadlockDetectedError:
            continue
    await _unguarded(admin, *statements)


async def _unguarded(admin: Any, *statements: str) -> None:
    async with admin.transaction():
        triggers = await admin.fetch(TRIGGERS)
        await admin.execute(
            ";".join(f"ALTER TABLE {each[0]} DISABLE TRIGGER {each[1]}" for each in triggers)
        )
        await admin.execute("SET LOCAL session_replication_role = replica")
        for statement in statements:
            await admin.execute(statement)
        await admin.execute("SET LOCAL session_replication_role = origin")
        there = {row[0] for row in await admin.fetch(TABLES)}
        await admin.execute(
            ";".join(
                f"ALTER TABLE {relation} {MODES[mode]} TRIGGER {name}"
                for relation, name, mode in triggers
                if relation in there
            )
        )


TABLES: Final = (
    "SELECT oid::regclass::text FROM pg_class WHERE relkind IN ('r', 'p')"
    " AND relnamespace IN ('public'::regnamespace, 'keystore'::regnamespace)"
)


def hexed(value: bytes) -> str:
    return f"'\\x{value.hex()}'::bytea"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
