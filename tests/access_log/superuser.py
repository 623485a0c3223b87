"""What triggers refuse to everybody else, done by PostgreSQL's superuser."""

from typing import Any, Final

from tests.by_hand import by_hand

TRIGGERS: Final = """
SELECT t.tgrelid::regclass::text AS relation, t.tgname AS name, t.tgenabled::text AS mode
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE NOT t.tgisinternal AND t.tgparentid = 0
  AND c.relnamespace IN ('public'::regnamespace, 'keystore'::regnamespace)
"""
MODES: Final = {"A": "ENABLE ALWAYS", "O": "ENABLE", "R": "ENABLE REPLICA", "D": "DISABLE"}


async def unguarded(admin: Any, *statements: str) -> None:
    """The guards of every table the deeds name off, the deeds, the guards back as they were."""
    deeds = " ".join(statements)
    triggers = [each for each in await admin.fetch(TRIGGERS) if each[0].rpartition(".")[2] in deeds]
    await by_hand(
        admin,
        *(f"ALTER TABLE {relation} DISABLE TRIGGER {name}" for relation, name, _ in triggers),
        "SET LOCAL session_replication_role = replica",
        *statements,
        "SET LOCAL session_replication_role = origin",
        *(
            f"ALTER TABLE IF EXISTS {relation} {MODES[mode]} TRIGGER {name}"
            for relation, name, mode in triggers
        ),
    )


def hexed(value: bytes) -> str:
    return f"'\\x{value.hex()}'::bytea"


def quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
