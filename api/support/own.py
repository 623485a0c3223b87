"""Questions participants ask about their own log and about the facilities they can choose."""

from typing import NamedTuple

from api.access_log import service as access_log
from api.consent import service as consent
from api.core.actor import Actor
from api.directory import service as directory
from api.directory.service import FacilityLine
from api.records import own as own_records
from api.support.log_lines import LogLine, facilities_named_in, line

MOST_FACILITIES = 50


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
    found = await directory.named(actor, facilities_named_in(page.rows))
    names = {each: found[each].label(locale) for each in found}
    profile = directory.profile()
    lines = [line(row, locale, profile, names) for row in page.rows]
    return LogView(lines, page.total, page.before)


async def facility_choices(actor: Actor, words: str = "") -> FacilityChoices:
    """With words, those found; without, those on or known to the participant.

    A network of no more than 50 facilities is shown whole. Facilities that hold or have read the
    participant's records come first, then those that are on, each in kana order.
    """
    summary = consent.summary_of(await consent.settings(actor))
    on = set(summary.facility_ids)
    holders, readers = await own_records.holders(actor), await access_log.readers(actor)
    found, total = await directory.search(actor, words, limit=MOST_FACILITIES)
    if not words.strip():
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
