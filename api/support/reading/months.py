"""What a month of one's own log comes to, and which months there are."""

from msgspec import Struct

from api.access_log import service as access_log
from api.access_log.filters import Wanted
from api.consent.settings.names import names_of
from api.core import clock
from api.core.actor import Actor
from api.core.errors import NotFound
from api.directory import service as directory
from api.support.reading.digest import Digest, Month, digest
from api.support.reading.digest_said import LookedSaid, looked_said, summary


class MonthView(Struct, frozen=True, kw_only=True):
    """One month; `previous` and `following` only where the log has them. `summary` says in
    sentences what `looked` does not."""

    month: str
    summary: list[str]
    looked: list[LookedSaid]
    denied: int
    emergency: int
    first_facilities: int
    changes: int
    changes_by_others: int
    refused_sign_ins: int
    received: int
    exports: int
    support: int
    operator: int
    law: int
    proxies: int
    missing: int
    withheld: int
    events: int
    previous: str | None
    following: str | None


async def month(actor: Actor, locale: str, text: str) -> MonthView:
    """`text`: YYYY-MM. Raises `NotFound` for a month still to come, or before the log began."""
    asked, now = Month.read(text), Month.of(clock.now())
    began_at = await access_log.began_at(actor)
    first = Month.of(began_at) if began_at else now
    if not first <= asked <= now:
        raise NotFound
    found = await _digest(actor, asked)
    facilities = {each.facility_id for each in found.looked if each.facility_id is not None}
    names = await names_of(actor, locale, facilities, ())
    looked = [looked_said(each, locale, directory.profile(), names) for each in found.looked]
    return MonthView(
        month=str(asked),
        summary=summary(found, locale),
        looked=looked,
        denied=found.denied,
        emergency=sum(each.emergency for each in looked),
        first_facilities=len({each.facility_id for each in looked if each.is_first}),
        changes=found.changes,
        changes_by_others=found.changes_by_others,
        refused_sign_ins=found.refused_sign_ins,
        received=found.received,
        exports=found.exports,
        support=found.support,
        operator=found.operator,
        law=found.law,
        proxies=found.proxies,
        missing=found.missing,
        withheld=found.withheld,
        events=found.events,
        previous=str(asked.previous) if first < asked else None,
        following=str(asked.following) if asked < now else None,
    )


async def _digest(actor: Actor, asked: Month) -> Digest:
    known = frozenset(await access_log.readers(actor, before=asked.starts_at))
    wanted = Wanted(since=asked.starts_at, until=asked.following.starts_at)
    rows = [row async for chunk in access_log.chunks(actor, wanted) for row in chunk]
    return digest(rows, asked, known)
