"""Migrations in step with tables: a freshly migrated database has just the columns Piccolo knows.

Run as `python -m tests.checks.migrations`; prints every difference and exits 1 on any.
"""

import asyncio
import importlib
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import asyncpg
from piccolo.table import Table

from api.core.crypto import KeyRing
from api.core.embedded import EmbeddedPostgres
from api.core.provisioning import ensure_database, provision

MODULES = (
    "api.access_log.reconciling.tables",
    "api.access_log.sealing.tables",
    "api.access_log.tables",
    "api.consent.tables",
    "api.directory.tables",
    "api.identity.apps.tables",
    "api.emergency.cards.tables",
    "api.emergency.tables",
    "api.identity.tables",
    "api.phr.child.tables",
    "api.phr.vitals.tables",
    "api.phr.due.tables",
    "api.proxies.tables",
    "api.records.ssmix2.tables",
    "api.records.taking_out.tables",
    "api.records.tables",
    "api.support.closing.tables",
    "api.support.tables",
    "notifications.choices.tables",
    "notifications.tables",
)
# Tables no service may name: they belong to PostgreSQL's own functions, or to Piccolo.
UNNAMED = {"deployment", "migration"}
TYPES = {
    "Array": "ARRAY",
    "BigInt": "bigint",
    "Boolean": "boolean",
    "Bytea": "bytea",
    "Date": "date",
    "ForeignKey": "uuid",
    "Integer": "integer",
    "JSONB": "jsonb",
    "Real": "real",
    "SmallInt": "smallint",
    "Text": "text",
    "Time": "time without time zone",
    "Timestamptz": "timestamp with time zone",
    "UUID": "uuid",
}

Columns = Mapping[str, tuple[str, bool]]


def declared() -> dict[str, Columns]:
    """What the code says: table → column → (SQL type, nullable)."""
    found: dict[str, Columns] = {}
    for name in MODULES:
        for value in vars(importlib.import_module(name)).values():
            if isinstance(value, type) and issubclass(value, Table) and value is not Table:
                found[value._meta.tablename] = {
                    column._meta.db_column_name: (
                        TYPES[type(column).__name__],
                        column._meta.null,
                    )
                    for column in value._meta.columns
                }
    return found


async def migrated(dsn: str) -> dict[str, Columns]:
    """What the database says, in the same form."""
    connection = await asyncpg.connect(dsn)
    try:
        rows = await connection.fetch(
            # PostgreSQL's own transaction ids have no type elsewhere; a partition is no table.
            "SELECT table_name, column_name, data_type, is_nullable = 'YES' AS nullable"
            " FROM information_schema.columns JOIN pg_class ON relname = table_name"
            " AND relnamespace = 'public'::regnamespace AND NOT relispartition"
            " WHERE table_schema = 'public' AND data_type <> 'xid8'"
        )
    finally:
        await connection.close()
    found: dict[str, dict[str, tuple[str, bool]]] = {}
    for row in rows:
        if row["table_name"] not in UNNAMED:
            # A generated column is nullable in the catalogue and never null in a row.
            is_null = row["nullable"] and row["column_name"] != "is_told"
            found.setdefault(row["table_name"], {})[row["column_name"]] = (
                row["data_type"],
                is_null,
            )
    return dict(found)


def differences(code: Mapping[str, Columns], base: Mapping[str, Columns]) -> list[str]:
    faults = [f"{table}: only in the tables modules" for table in sorted(code.keys() - base.keys())]
    faults += [f"{table}: only in the migrations" for table in sorted(base.keys() - code.keys())]
    for table in sorted(code.keys() & base.keys()):
        said: dict[str, Any] = dict(code[table])
        real: dict[str, Any] = dict(base[table])
        faults += [
            f"{table}.{column}: the code says {said.get(column)}, the database {real.get(column)}"
            for column in sorted(said.keys() | real.keys())
            if said.get(column) != real.get(column)
        ]
    return faults


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="tsunagu-check-") as folder:
        home = Path(folder)
        home.chmod(0o711)
        server = EmbeddedPostgres(home)
        try:
            dsn = asyncio.run(ensure_database(server.start(), "tsunagu"))
            asyncio.run(provision(dsn, KeyRing(home / "keys")))
            faults = differences(declared(), asyncio.run(migrated(dsn)))
        finally:
            server.stop()
    for fault in faults:
        print(fault, file=sys.stderr)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
