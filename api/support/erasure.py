"""Erasing what the log says of one person, once it need not be kept any more."""

from datetime import date, datetime

import asyncpg

from api.access_log import service as access_log
from api.access_log.erasing import Certificate
from api.core import clock
from api.core.actor import OPERATOR
from api.core.database import unit_of_work
from api.core.errors import Unavailable
from api.core.settings import SettingFault
from api.directory import service as directory
from api.fhir import codes
from api.records import finding
from api.records.mapping import Identifier
from api.support import queries
from api.support.closing import rewriting


async def erase(card: str, participant_id: str, reason: str, *, is_early: bool) -> Certificate:
    """By an operator at the console, who has the participant's id and types the card's number.

    Raises `SettingFault` when the two are not of one person, something is still open, or the log
    must be kept longer and `is_early` does not say otherwise; nothing was changed then.
    """
    digits = card.replace("-", "").replace(" ", "")
    subject = await finding.locate(OPERATOR, Identifier(codes.CARD, digits))
    if subject is None or str(subject) != participant_id.lower():
        raise SettingFault("This card is not that participant's. Nothing was changed.")
    if not 1 <= len(reason) <= 200:
        raise SettingFault("Give a reason of at most 200 characters. Nothing was changed.")
    async with unit_of_work(OPERATOR, subject=subject) as tx:
        if await queries.is_anything_open(tx):
            raise SettingFault(
                "A case of this participant is still open: close it first. Nothing was changed."
            )
        newest = await access_log.newest_at(tx)
        if newest is None:
            raise SettingFault("This participant has no log. Nothing was changed.")
        until = kept_until(newest, directory.profile().retention.access_log_years)
        if clock.today_in_japan() < until and not is_early:
            raise SettingFault(
                f"This log must be kept until {until}; --early erases it all the same, and the "
                "reason stays in the certificate. Nothing was changed."
            )
        return await access_log.erase_in(tx, reason)


async def left_no_trace() -> bool:
    """Whether the database's files hold the key no more; otherwise they were in use."""
    try:
        return await rewriting.rewrite() is not None
    except (Unavailable, asyncpg.PostgresError):
        return False


def kept_until(newest: datetime, years: int) -> date:
    """The first day on which events up to `newest` need not be kept."""
    day = clock.day_in_japan(newest)
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return date(day.year + years, 3, 1)
