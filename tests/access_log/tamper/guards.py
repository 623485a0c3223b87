"""What PostgreSQL itself refuses, and what happens to those who get around it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from api.core.provisioning import app_dsn, role_dsn
from tests.access_log.tamper.attack import Attack
from tests.access_log.tamper.kinds import (
    FACILITY,
    FILE,
    FSCK,
    POSTGRESQL,
    Chapter,
    Holds,
)
from tests.access_log.tamper.rows import EVENT, change, remove

guards = Chapter("The guards of PostgreSQL", Holds.ROLE)


@asynccontextmanager
async def as_role(attack: Attack, role: str) -> AsyncIterator[asyncpg.Connection]:
    """What is tried as one of the product's own roles, or as `superuser`."""
    keys, dsn = attack.scene.keys, attack.scene.admin_dsn
    connection = await asyncpg.connect(
        {
            "superuser": dsn,
            "tsunagu_app": app_dsn(dsn, keys),
            "tsunagu_sealer": role_dsn(dsn, "tsunagu_sealer", keys.sealer_password),
            "tsunagu_migrator": role_dsn(dsn, "tsunagu_migrator", keys.migrator_password),
        }[role]
    )
    try:
        yield connection
    finally:
        await connection.close()


TRIED = {
    "app-update": (
        "tsunagu_app",
        "The application's role alters an event",
        change("outcome", "'denied'"),
    ),
    "app-delete": ("tsunagu_app", "The application's role deletes an event", remove("pseq = {n}")),
    "app-insert": (
        "tsunagu_app",
        "The application's role inserts an event past the functions",
        "INSERT INTO access_event SELECT * FROM access_event WHERE " + EVENT,
    ),
    "app-truncate": (
        "tsunagu_app",
        "The application's role empties the log",
        "TRUNCATE access_event",
    ),
    "app-head": (
        "tsunagu_app",
        "The application's role sets a head back",
        "UPDATE access_log_head SET last_pseq = 1 WHERE participant_id = '{hanako}'",
    ),
    "app-owes": (
        "tsunagu_app",
        "The application's role clears what a head owes",
        "UPDATE access_log_head SET owes = '{{}}'",
    ),
    "app-entry": (
        "tsunagu_app",
        "The application's role puts an entry into the tree",
        "INSERT INTO log_entry VALUES (100000, '\\x0101'::bytea || sha256('x'))",
    ),
    "sealer-event": (
        "tsunagu_sealer",
        "The sealer's role alters an event",
        change("outcome", "'denied'"),
    ),
    "sealer-entry": (
        "tsunagu_sealer",
        "The sealer's role alters an entry",
        "UPDATE log_entry SET entry = entry WHERE idx = 3",
    ),
    "sealer-checkpoint": (
        "tsunagu_sealer",
        "The sealer's role signs a size a second time",
        "INSERT INTO log_checkpoint (size, root, note) SELECT size, sha256('x'), 'another'"
        " FROM log_checkpoint",
    ),
    "owner-update": (
        "tsunagu_migrator",
        "The owner of the tables alters an entry of the tree",
        "SET ROLE tsunagu_owner; UPDATE log_entry SET entry = entry WHERE idx = 3",
    ),
    "replica-update": (
        "superuser",
        "A superuser in replica mode, where ordinary triggers are silent, alters an event",
        "SET session_replication_role = replica; " + change("outcome", "'denied'"),
    ),
    "replica-delete": (
        "superuser",
        "A superuser in replica mode deletes an event",
        "SET session_replication_role = replica; " + remove("pseq = {n}"),
    ),
    "replica-truncate": (
        "superuser",
        "A superuser in replica mode empties the log",
        "SET session_replication_role = replica; TRUNCATE access_event",
    ),
    "replica-partition": (
        "superuser",
        "A superuser in replica mode alters an event in the month's own table",
        "SET session_replication_role = replica; "
        + change("outcome", "'denied'").replace("access_event", "{month}"),
    ),
    "replica-entry": (
        "superuser",
        "A superuser in replica mode deletes an entry of the tree",
        "SET session_replication_role = replica; DELETE FROM log_entry WHERE idx = 3",
    ),
}


def _try(name: str, role: str, what: str, statement: str) -> None:
    async def deed(attack: Attack) -> None:
        async with as_role(attack, role) as connection:
            await connection.execute(attack.filled(statement))

    holds = Holds.DATABASE if role == "superuser" else Holds.ROLE
    guards.add(name, what, POSTGRESQL, holds=holds)(deed)


for _name, (_role, _what, _statement) in TRIED.items():
    _try(_name, _role, _what, _statement)


@guards.add("owed", "Records are read and the transaction commits without their event", POSTGRESQL)
async def owed(attack: Attack) -> None:
    """As application code that has gone wrong, or was bent, would."""
    await attack.read_without_event()


@guards.add(
    "replica-insert",
    "A superuser in replica mode inserts an event of another network's making",
    *FILE,
    FACILITY,
    holds=Holds.DATABASE,
)
async def replica_insert(attack: Attack) -> None:
    await attack.sql("SET session_replication_role = replica")
    await attack.sql(
        attack.filled(
            "INSERT INTO access_event SELECT participant_id, {last} + 1, clock_timestamp(),"
            " uuidv7(), event, outcome, actor_kind, actor_id, facility_id, purpose_of_use,"
            " inner_hash, sha256('x'), sha256('y'), sealed, key_version, epoch,"
            " pg_current_xact_id() FROM access_event WHERE " + EVENT
        )
    )
    await attack.sql("RESET session_replication_role")


@guards.add(
    "guards-off",
    "A guard is turned off and left so; nothing else happens",
    FSCK,
    holds=Holds.DATABASE,
)
async def guards_off(attack: Attack) -> None:
    await attack.sql("ALTER TABLE access_event DISABLE TRIGGER append_only")


@guards.add(
    "guards-weakened",
    "A guard is made an ordinary trigger, which replica mode silences",
    FSCK,
    holds=Holds.DATABASE,
)
async def guards_weakened(attack: Attack) -> None:
    await attack.sql("ALTER TABLE log_entry ENABLE TRIGGER append_only")


@guards.add(
    "partition-detached",
    "A month's table is detached: its events are out of sight",
    *FILE,
    FACILITY,
    holds=Holds.DATABASE,
)
async def partition_detached(attack: Attack) -> None:
    await attack.sql(f"ALTER TABLE access_event DETACH PARTITION {attack.scene.world.month}")


@guards.add(
    "partition-dropped",
    "A month's table is dropped",
    *FILE,
    FACILITY,
    holds=Holds.DATABASE,
)
async def partition_dropped(attack: Attack) -> None:
    await attack.sql(f"DROP TABLE {attack.scene.world.month}")


@guards.add(
    "clock-back",
    "The clock of the database is set back by a day before an event is written",
    FSCK,
    FACILITY,
    holds=Holds.DATABASE,
)
async def clock_back(attack: Attack) -> None:
    async with attack.clock_moved("- interval '1 day'"):
        await attack.scene.read()


@guards.add(
    "clock-ahead",
    "The clock of the database is set ahead by a day before an event is written",
    *FILE,
    FACILITY,
    holds=Holds.DATABASE,
)
async def clock_ahead(attack: Attack) -> None:
    async with attack.clock_moved("+ interval '1 day'"):
        await attack.scene.read()


CHAPTERS = (guards,)
