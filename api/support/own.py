"""Questions participants ask about their own log and about the facilities they can choose."""

from typing import NamedTuple
from uuid import UUID

from api.access_log import service as access_log
from api.consent import service as consent
from api.consent.errors import UnknownChoice
from api.consent.names import names_of
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import FacilityLine, Person
from api.records import own as own_records
from api.support.log_lines import LogLine, facilities_named_in, line, people_named_in

MOST_FACILITIES = 50
MOST_PEOPLE = 50


class LogView(NamedTuple):
    """Newest first; `before` is where the next page begins, None at the end."""

    lines: list[LogLine]
    total: int
    before: int | None


class FacilityChoice(NamedTuple):
    """`holds`: wrote records the participant may know of; `has_read`: has seen some."""

    facility: FacilityLine
    is_on: bool
    holds: bool
    has_read: bool


class FacilityChoices(NamedTuple):
    """At most 50; `total` says how many there are to be found."""

    choices: list[FacilityChoice]
    total: int


async def log(actor: Actor, locale: str, *, before: int | None = None, count: int = 20) -> LogView:
    """The actor's own log in the language asked for."""
    page = await access_log.page(actor, before=before, count=count)
    names = await names_of(
        actor, locale, facilities_named_in(page.rows), people_named_in(page.rows)
    )
    profile = directory.profile()
    lines = [line(row, locale, profile, names) for row in page.rows]
    return LogView(lines, page.total, page.before)


async def facility_choices(
    actor: Actor, words: str = "", region: str | None = None, facility_type: str | None = None
) -> FacilityChoices:
    """Asked for something, those found; else those on or known to the participant.

    A network of no more than 50 facilities is shown whole. Facilities that hold or have read the
    participant's records come first, then those that are on, each in kana order.
    Raises `UnknownChoice` for a region or type this network does not have.
    """
    _check_codes(region, facility_type)
    on = set(consent.summary_of(await consent.settings(actor)).facility_ids)
    holders, readers = await own_records.holders(actor), await access_log.readers(actor)
    found, total = await directory.search(
        actor,
        words,
        limit=MOST_FACILITIES,
        region=region,
        facility_type=facility_type,
        first=(holders | readers, on),
    )
    if not (words.strip() or region or facility_type):
        known = await directory.named(actor, on | holders | readers)
        kept = {i: each for i, each in known.items() if each.is_active or i in on}
        others = found if total <= MOST_FACILITIES else []
        total = max(total, len(kept))
        found = sorted(
            (kept | {each.facility_id: each for each in others}).values(),
            key=lambda each: (
                each.facility_id not in holders | readers,
                each.facility_id not in on,
                each.name_kana,
            ),
        )[:MOST_FACILITIES]
    return FacilityChoices(
        [
            FacilityChoice(
                each,
                each.facility_id in on,
                each.facility_id in holders,
                each.facility_id in readers,
            )
            for each in found
        ],
        total,
    )


async def professional_choices(
    actor: Actor, words: str = "", facility_id: UUID | None = None
) -> list[Person]:
    """Professionals at work, by name, kana or facility, for naming one; at most 50."""
    return await directory.find_people(actor, words, facility_id, limit=MOST_PEOPLE)


def _check_codes(region: str | None, facility_type: str | None) -> None:
    profile = directory.profile()
    regions = {each.code for each in profile.regions}
    types = {each.code for each in profile.facility_types}
    if not ({region} - {None} <= regions and {facility_type} - {None} <= types):
        raise UnknownChoice
