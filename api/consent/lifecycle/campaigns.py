"""Asking everybody who takes part to agree to new terms, and how far that has come."""

from datetime import date, datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.access_log.events import EventName
from api.consent import service
from api.consent.errors import CampaignIsOpen, CampaignIsOver, DayTooNear, NotThoseTerms
from api.consent.lifecycle import queries as lifecycle_queries
from api.core import clock
from api.core.actor import Actor, ActorKind
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound

LEAST_DAYS: Final = 14
MOST_SHOWN: Final = 20


class Progress(NamedTuple):
    asked: int
    accepted: int
    refused: int
    unanswered: int


class Campaign(NamedTuple):
    """Whoever has not accepted stops taking part at `ends_at`, the midnight after `answer_by`."""

    campaign_id: UUID
    terms_version: str
    answer_by: date
    ends_at: datetime
    opened_at: datetime
    called_off_at: datetime | None
    progress: Progress

    @property
    def is_open(self) -> bool:
        return self.called_off_at is None and clock.now() < self.ends_at

    @property
    def days_left(self) -> int:
        return max(0, (self.answer_by - clock.today_in_japan()).days + 1)


async def open_campaign(actor: Actor, terms_version: str, answer_by: date) -> UUID:
    """Asks all who take part under other terms: each is told, and bound by the day, at once.

    Raises `NotThoseTerms`, `DayTooNear` and, while another one is open, `CampaignIsOpen`;
    nobody was asked then.
    """
    _check(actor, terms_version, answer_by)
    async with unit_of_work(actor) as tx:
        opened = await lifecycle_queries.open_campaign(tx, terms_version, answer_by)
        if opened is None:
            raise CampaignIsOpen
        campaign_id, asked = opened
        said = {"terms": terms_version, "day": answer_by}
        await access_log.append_owed_alike(tx, asked, EventName.TERMS_ASKED, said)
        await _log(tx, EventName.CAMPAIGN_OPENED, campaign_id, terms_version)
    return campaign_id


def check(terms_version: str, answer_by: date) -> None:
    """Raises what `open_campaign` would, before anybody is asked."""
    if terms_version != service.terms_in_force():
        raise NotThoseTerms
    if answer_by < clock.today_in_japan() + timedelta(days=LEAST_DAYS):
        raise DayTooNear(days=LEAST_DAYS)


async def call_off(actor: Actor, campaign_id: UUID) -> None:
    """Whoever has not answered goes on as before. Raises `CampaignIsOver`, `NotFound`."""
    _check_actor(actor)
    async with unit_of_work(actor) as tx:
        known = {row["campaign_id"]: row for row in await lifecycle_queries.campaigns(tx, 10_000)}
        if campaign_id not in known:
            raise NotFound
        ended = await lifecycle_queries.call_off(tx, campaign_id)
        if ended is None:
            raise CampaignIsOver
        said = {"terms": ended["terms"], "day": ended["day"]}
        await access_log.append_owed_alike(tx, ended["owed"], EventName.TERMS_CALLED_OFF, said)
        await _log(tx, EventName.CAMPAIGN_CALLED_OFF, campaign_id, ended["terms"])


async def campaigns(actor: Actor) -> list[Campaign]:
    """Newest first, each with its count of answers."""
    _check_actor(actor)
    async with unit_of_work(actor) as tx:
        found = []
        for row in await lifecycle_queries.campaigns(tx, MOST_SHOWN):
            counts = await lifecycle_queries.progress(tx, row["campaign_id"])
            found.append(Campaign(**dict(row), progress=Progress(*(counts or (0, 0, 0, 0)))))
        return found


def _check(actor: Actor, terms_version: str, answer_by: date) -> None:
    _check_actor(actor)
    check(terms_version, answer_by)


def _check_actor(actor: Actor) -> None:
    if actor.kind not in (ActorKind.SUPPORT, ActorKind.OPERATOR):
        raise NotFound


async def _log(tx: Transaction, event: EventName, campaign_id: UUID, terms: str) -> None:
    detail = {"campaign": str(campaign_id), "terms": terms}
    await access_log.append_system(tx, event, outcome="permitted", detail=detail)
