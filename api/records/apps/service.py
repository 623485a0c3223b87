"""What an app reads for whoever connected it: their own, told records, and never without an event.

A participant's own look writes no row; an app's does, and names the app: it takes records out.
"""

from collections import Counter
from collections.abc import Collection
from typing import Final, NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.identity.apps import scopes
from api.identity.apps.errors import ScopeNeeded
from api.identity.apps.scopes import Deed
from api.identity.apps.tokens import AppAccess
from api.phr.entries import service as own_entries
from api.records import queries
from api.records.finding import Person
from api.records.mapping import CATEGORIES_OF_TYPE
from api.records.own import queries as own_queries
from api.records.own.service import most_shown

MOST_ROWS: Final = 200
PATIENT: Final = "Patient"
BASIC: Final = "basic"
# What an app may be allowed. Neither the access log nor the settings are among them.
TYPES: Final = tuple(sorted(CATEGORIES_OF_TYPE))


class AppPage(NamedTuple):
    """`records`: id and stored JSON, newest first; `total` counts all, `before` leads on."""

    records: list[tuple[UUID, str]]
    total: int
    before: UUID | None


async def search(
    access: AppAccess,
    resource_type: str,
    *,
    record_id: UUID | None = None,
    before: UUID | None = None,
    count: int = 50,
) -> AppPage:
    """Raises `ScopeNeeded`."""
    _demand(access, resource_type, "s")
    return await _read(access, resource_type, record_id, before, min(max(count, 1), MOST_ROWS))


async def one(access: AppAccess, resource_type: str, record_id: UUID) -> str:
    """Its stored JSON. Raises `ScopeNeeded`; `NotFound` for absent, untold and others' alike."""
    _demand(access, resource_type, "r")
    page = await _read(access, resource_type, record_id, None, 1)
    if not page.records:
        raise NotFound
    return page.records[0][1]


async def patient(access: AppAccess, deed: Deed) -> Person:
    """Who they are themselves. Raises `ScopeNeeded`."""
    _demand(access, PATIENT, deed)
    async with unit_of_work(access.actor) as tx:
        row = await queries.person(tx)
        if row is None or tx.subject is None:
            raise NotFound
        await _note(tx, access, PATIENT, Counter({BASIC: 1}), [])
        return Person(tx.subject, row["name"], row["name_kana"], row["sex"], row["birth_on"])


async def _read(
    access: AppAccess,
    resource_type: str,
    record_id: UUID | None,
    before: UUID | None,
    count: int,
) -> AppPage:
    async with unit_of_work(access.actor) as tx:
        rows = await own_queries.of_type(
            tx, most_shown(access.actor), resource_type, record_id, before, count + 1
        )
        found = [row for row in rows if row["record_id"]]
        shown = found[:count]
        kinds = Counter(row["category"] for row in shown)
        await _note(tx, access, resource_type, kinds, [row["record_id"] for row in shown])
        opened = await own_entries.opened_rows_in(tx, shown)
    more = shown[-1]["record_id"] if len(found) > count else None
    return AppPage([(row["record_id"], row["body"]) for row in opened], rows[0]["total"], more)


async def _note(
    tx: Transaction, access: AppAccess, resource_type: str, kinds: Counter[str], ids: list[UUID]
) -> None:
    await access_log.append(
        tx,
        EventName.APP_READ,
        detail={
            "told": {"app": access.names},
            "asked": [resource_type],
            "resources": [
                {"type": resource_type, "category": category, "count": count}
                for category, count in sorted(kinds.items())
            ],
            "ids": ids,
        },
    )


def _demand(access: AppAccess, resource_type: str, deed: Deed) -> None:
    if not scopes.allows(access.scopes, resource_type, deed):
        raise ScopeNeeded


def categories(allowed: Collection[str]) -> frozenset[str]:
    """Of which categories records may be read."""
    return frozenset(
        category
        for resource_type in scopes.readable(allowed, TYPES)
        for category in CATEGORIES_OF_TYPE[resource_type]
    )
