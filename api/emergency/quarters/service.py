"""The figures of a quarter, for everybody once it is settled, for the support centre as it runs."""

import csv
import io
from collections.abc import Mapping, Sequence
from uuid import UUID

from api.core import clock, i18n
from api.core.actor import ANONYMOUS, Actor, ActorKind
from api.core.database import unit_of_work
from api.core.errors import NotFound
from api.core.spreadsheet import harmless
from api.emergency import queries
from api.emergency.quarters import figures
from api.emergency.quarters.figures import Facility, Opening, Quarter

_COUNTING = (ActorKind.SUPPORT, ActorKind.AUDITOR, ActorKind.OPERATOR)


async def published(quarter: Quarter) -> list[Facility]:
    """The same for everybody, and for ever. Raises `NotFound` before its day."""
    if not figures.is_published(quarter, clock.today_in_japan()):
        raise NotFound
    async with unit_of_work(ANONYMOUS) as tx:
        rows = await queries.quarter(tx, quarter.first)
    return figures.counted(Opening(*row.values()) for row in rows)


async def so_far(officer: Actor, quarter: Quarter) -> list[Facility]:
    """Everything, for whoever looks after it. Raises `NotFound` for others."""
    if officer.kind not in _COUNTING:
        raise NotFound
    async with unit_of_work(officer) as tx:
        rows = await queries.quarter(tx, quarter.first)
    return figures.counted((Opening(*row.values()) for row in rows), is_whole=True)


def as_csv(facilities: Sequence[Facility], names: Mapping[UUID, str], locale: str) -> bytes:
    """A line for each number: facility, part, code, number; empty where it is not said."""
    out = io.StringIO(newline="")
    table = csv.writer(out)
    columns = ("facility", "part", "kind", "number")
    table.writerow([i18n.text(locale, f"figures.csv.{each}") for each in columns])
    for each in facilities:
        name = harmless(names[each.facility_id])
        openings = i18n.text(locale, "figures.openings")
        few = i18n.text(locale, "figures.few", least=figures.LEAST)
        table.writerow([name, openings, "", few if each.openings is None else each.openings])
        for part, cells in each.parts.items():
            heading = i18n.text(locale, f"figures.part.{part}")
            for code, number in cells.items():
                said = "" if number is None else number
                table.writerow([name, heading, kind_said(part, code, locale), said])
        days = "" if each.median_days is None else each.median_days
        table.writerow([name, i18n.text(locale, "figures.median"), "", days])
    return out.getvalue().encode("utf-8-sig")


def kind_said(part: str, code: str, locale: str) -> str:
    key = {
        "reason": "emergency.reason.",
        "identification": "emergency.by.",
    }.get(part, f"figures.{part}.")
    return i18n.text(locale, f"{key}{code}")
