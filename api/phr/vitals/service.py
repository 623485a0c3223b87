"""One's own measurements: kept several at a time, corrected, removed, listed and summed up."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple
from uuid import UUID

from msgspec.structs import replace

from api.core import clock
from api.core.actor import Actor
from api.core.database import Transaction, unit_of_work
from api.core.errors import NotFound
from api.phr import slack
from api.phr.entries import once, paging
from api.phr.entries import service as entries
from api.phr.entries.fields import Values
from api.phr.entries.kinds import JAPAN, WHEN, Kind
from api.phr.entries.known import known
from api.phr.entries.paging import Place
from api.phr.entries.service import Entry, Page, Wish
from api.phr.entries.typed import Typed, read
from api.phr.maternal.kinds import BIRTH
from api.phr.vitals.errors import VitalsFaults
from api.phr.vitals.figures import By
from api.phr.vitals.guidance import DAYS
from api.phr.vitals.kinds import KINDS, OF_NAME, PRESSURE, WEIGHT, sorted_out
from api.phr.vitals.summing import Reading, Summary, summaries

MOST_READ: Final = 20_000
_LATELY: Final = 300
_MOST_USED: Final = 3


class Lately(NamedTuple):
    """The newest entries, blood pressure of the last week, and the kinds of the newest day."""

    entries: list[Entry]
    week: list[Entry]
    used: list[str]


class Period(NamedTuple):
    """The newest day first. `since`: the first day of which everything is in it; `is_cut`: what was
    asked for begins earlier."""

    entries: list[Entry]
    since: date
    is_cut: bool


async def lately(actor: Actor, today: date) -> Lately:
    first = today - timedelta(days=DAYS - 1)
    async with unit_of_work(actor) as tx:
        found = await entries.entries_in(tx, actor, KINDS, most=_LATELY)
        week = await entries.entries_in(tx, actor, [PRESSURE], since=first, most=MOST_READ)
    mine = [each for each in found if each.by != "device"] or found
    used = dict.fromkeys(each.kind for each in mine if each.on == mine[0].on)
    return Lately(found, week, list(used)[:_MOST_USED])


async def keep(actor: Actor, fields: Values, sure: str = "") -> list[Entry]:
    """What a form's fields make, all or nothing, under their day and time.

    Raises `VitalsFaults`, with the faults of all of them, and `NotTakingPart`.
    """
    now = clock.now().astimezone(JAPAN)
    when = {name: fields.get(name, "") for name in WHEN}
    found = sorted_out({name: value for name, value in fields.items() if name not in WHEN})
    if not found:
        raise VitalsFaults({"systolic": "error.own.empty"}, values=dict(fields))
    typed = [read(kind, when | mine, now.date(), now.time()) for kind, mine in found]
    values = dict(fields) | {name: value for each in typed for name, value in each.values.items()}
    values["time"] = when["time"]
    faults = {name: key for each in typed for name, key in each.faults.items()}
    if faults:
        odd = {name: key for each in typed for name, key in each.odd.items()}
        raise VitalsFaults(faults, odd, values=values)
    async with unit_of_work(actor) as tx:
        wishes, asked = list[Wish](), list[Typed]()
        for (kind, _), each in zip(found, typed, strict=True):
            wish = once.keyed(Wish(kind, each.values, is_read=True))
            besides = wish._replace(kind=await _beside_births_in(tx, actor, kind))
            asked.append(await entries.asked_in(tx, actor, besides, each))
            wishes.append(wish)
        odd = {name: key for each in asked for name, key in each.odd.items()}
        yes = "-".join(each.sure for each in asked if each.sure)
        if odd and sure != yes:
            beside = {name: point for each in asked for name, point in each.beside.items()}
            raise VitalsFaults({}, odd, yes, values, beside=beside)
        return await entries.write_all_in(tx, actor, wishes)


async def write(actor: Actor, kind: Kind, fields: Values, sure: str = "", key: str = "") -> Entry:
    """One of a kind; what came under this key already as it is. Raises `EntryFaults`, also
    for a value the kind does not have, and `NotTakingPart`."""
    named = f"typed:{key}" if key else ""  # no device's name for a sample
    wish = Wish(kind, known(kind, fields), sure=sure, key=named)
    async with unit_of_work(actor) as tx:
        wish = wish._replace(kind=await _beside_births_in(tx, actor, kind))
        (entry,) = await entries.write_all_in(tx, actor, [wish])
    return entry


async def correct(
    actor: Actor,
    entry_id: UUID,
    version: int,
    fields: Values,
    sure: str = "",
    of: Kind | None = None,
) -> Entry:
    """`of`: of this kind alone. Raises `NotFound`, `EntryFaults`, `EntryChanged`."""
    async with unit_of_work(actor) as tx:
        before = await entries.one_in(tx, actor, [of] if of else KINDS, entry_id)
        kind = await _beside_births_in(tx, actor, OF_NAME[before.kind])
        wish = Wish(kind, known(kind, fields), sure=sure, entry_id=entry_id, version=version)
        (entry,) = await entries.write_all_in(tx, actor, [wish])
    return entry


async def one(actor: Actor, entry_id: UUID) -> Entry:
    """Raises `NotFound`."""
    return await entries.one(actor, KINDS, entry_id)


async def several(actor: Actor, entry_ids: Sequence[UUID]) -> list[Entry]:
    """Those that are there."""
    async with unit_of_work(actor) as tx:
        return await entries.several_in(tx, actor, KINDS, entry_ids)


async def remove(actor: Actor, entry_ids: Sequence[UUID], version: int | None = None) -> int:
    """For good, all or none. Raises `NotFound`, also for entries that are no vitals, and as
    `remove_in`."""
    async with entries.removing(actor, entry_ids), unit_of_work(actor) as tx:
        found = await entries.several_in(tx, actor, KINDS, entry_ids)
        if not found or len(found) != len(set(entry_ids)):
            raise NotFound
        return await entries.remove_in(tx, actor, [each.entry_id for each in found], version)
    return 0


async def listed(
    actor: Actor,
    kinds: Sequence[Kind] = KINDS,
    *,
    since: date | None = None,
    until: date | None = None,
    after: str = "",
    count: int = 50,
) -> Page[Entry]:
    """Newest day first. Raises `UnknownPage`."""
    place = paging.place_of(after)
    found = await entries.entries(
        actor, kinds, since=since, until=until, most=count + 1, after=place
    )
    if len(found) <= count:
        return Page(found, None)
    last = found[count - 1]
    return Page(found[:count], paging.written(Place(last.on, last.at, last.entry_id)))


async def period(actor: Actor, kinds: Sequence[Kind], since: date, until: date) -> Period:
    """From `since` to `until`, both inside; of more than can be read at once the newest days."""
    found = await entries.entries(actor, kinds, since=since, until=until, most=MOST_READ + 1)
    if len(found) <= MOST_READ:
        return Period(found, since, is_cut=False)
    # The oldest day read may lack some: it counts only where there is no other.
    whole = [each for each in found if each.on > found[-1].on] or found
    return Period(whole, whole[-1].on, is_cut=True)


async def summary(
    actor: Actor, kind: Kind, since: date, until: date, by: By
) -> tuple[list[Summary], Period]:
    """Of each field: figures of the whole time and of each period in it; and what they count."""
    found = await period(actor, [kind], since, until)
    return summaries(kind, readings(found.entries), by), found


async def _beside_births_in(tx: Transaction, actor: Actor, kind: Kind) -> Kind:
    """After a birth a weight may be far from the one before it."""
    if kind is not WEIGHT:
        return kind
    births = await entries.unshown_in(tx, actor, [BIRTH])
    return replace(kind, leaps=slack.adult([each.on for each in births]))


def readings(found: Iterable[Entry]) -> list[Reading]:
    """The earliest first."""
    made = [Reading(each.on, each.values.get("time", ""), each.values) for each in found]
    return sorted(made, key=lambda each: (each.on, each.time))
