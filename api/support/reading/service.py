"""The participant's own log in words, narrowed and searched, page by page."""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple
from uuid import UUID

from msgspec import structs

from api.access_log import service as access_log
from api.access_log.filters import Wanted
from api.access_log.reconciling import service as reconciling
from api.access_log.service import LogRow
from api.consent.settings.names import names_of
from api.core.actor import Actor
from api.directory import service as directory
from api.support.errors import FilterFaults
from api.support.questions import service as questions
from api.support.reading import asked as asking
from api.support.reading.asked import Asked, Words
from api.support.reading.log_lines import (
    LogLine,
    QuestionMark,
    facilities_named_in,
    line,
    people_named_in,
)

MOST_SEARCHED: Final = 2000  # events one request looks through for words; older ones come after
ALL: Final = Asked()


class LogView(NamedTuple):
    """Newest first; `total` counts all that match from number `upto` down, `before` is where the
    next page begins.

    Words are looked for in the newest `MOST_SEARCHED` events that match else: `searched_to` is the
    oldest of them, None when there is nothing older, and `total` counts down to there.
    """

    lines: list[LogLine]
    total: int
    before: int | None
    upto: int
    searched_to: int | None


class Choices(NamedTuple):
    """What the log can be narrowed to, the most frequent first, with how many events each has."""

    facilities: list[tuple[UUID, str, int]]
    purposes: list[tuple[str, int]]


async def log(
    actor: Actor,
    locale: str,
    asked: Asked = ALL,
    *,
    before: int | None = None,
    upto: int | None = None,
    skip: int = 0,
    count: int = 20,
) -> LogView:
    """The actor's own log in the language asked for. Raises `FilterFaults`.

    A page begins below number `before`, or after `skip` of those from number `upto` down (None:
    the newest), so that new events move neither.
    """
    newest = upto if upto is not None else await access_log.length(actor)
    wanted, words = await checked(actor, asked, upto=upto), asking.words(asked)
    writer = Lines(actor, locale)
    if words.is_empty:
        page = await access_log.page(actor, wanted, before=before, skip=skip, count=count)
        lines = await _marked(actor, await writer.of(page.rows))
        return LogView(lines, page.total, page.before, newest, None)
    found, searched_to = await _search(actor, wanted._replace(upto=newest), words, writer)
    rest = [each for each in found if before is None or each.number < before][skip:]
    more = rest[count - 1].number if len(rest) > count else None
    lines = await _marked(actor, rest[:count])
    return LogView(lines, len(found), more, newest, searched_to)


async def _marked(actor: Actor, lines: list[LogLine]) -> list[LogLine]:
    """With where the question about each stands, and whether the facility confirmed it."""
    numbers = [each.number for each in lines]
    asked = await questions.marks(actor, numbers)
    unconfirmed = await reconciling.unconfirmed(actor, numbers)
    return [
        structs.replace(
            each,
            question=QuestionMark(*asked[each.number]) if each.number in asked else None,
            is_unconfirmed=each.number in unconfirmed,
        )
        for each in lines
    ]


async def checked(actor: Actor, asked: Asked, *, upto: int | None = None) -> Wanted:
    """Raises `FilterFaults` also for a facility or person this network never had."""
    profile = directory.profile()
    wanted = asking.wanted(asked, frozenset(each.code for each in profile.purposes), upto=upto)
    faults = {}
    if wanted.facility_id and not await directory.named(actor, [wanted.facility_id]):
        faults["facility"] = "error.log.filter.facility"
    if wanted.professional_id and not await directory.people(actor, [wanted.professional_id]):
        faults["professional"] = "error.log.filter.professional"
    if faults:
        raise FilterFaults(faults)
    return wanted


async def choices(actor: Actor, locale: str) -> Choices:
    named = await access_log.named(actor)
    names = await names_of(actor, locale, named.facilities, ())
    return Choices(
        [(each, names.get(each, ""), count) for each, count in named.facilities.most_common()],
        named.purposes.most_common(),
    )


class Lines:
    """Writes rows as lines, and asks for each name once."""

    def __init__(self, actor: Actor, locale: str) -> None:
        self._actor, self._locale = actor, locale
        self._names: dict[UUID, str] = {}
        self._asked: set[UUID] = set()

    async def of(self, rows: Iterable[LogRow]) -> list[LogLine]:
        rows = list(rows)
        names, profile = await self.names(rows), directory.profile()
        return [line(row, self._locale, profile, names) for row in rows]

    async def names(self, rows: Iterable[LogRow]) -> Mapping[UUID, str]:
        rows = list(rows)
        facilities = facilities_named_in(rows) - self._asked
        people = people_named_in(rows) - self._asked
        if facilities or people:
            self._names |= await names_of(self._actor, self._locale, facilities, people)
            self._asked |= facilities | people
        return self._names


async def _search(
    actor: Actor, wanted: Wanted, words: Words, writer: Lines
) -> tuple[list[LogLine], int | None]:
    """What has the words, and the number looked back to if there is anything older."""
    found: list[LogLine] = []
    left, last = MOST_SEARCHED, None
    async for rows in access_log.chunks(actor, wanted, most=MOST_SEARCHED + 1):
        found += [each for each in await writer.of(rows[:left]) if words.are_in(*said(each))]
        if len(rows) > left:
            return found, rows[left - 1].number if left else last
        left, last = left - len(rows), rows[-1].number
    return found, None


def said(each: LogLine) -> tuple[str, str]:
    """Who it was, and all that the row says."""
    who = f"{each.who} {each.profession}"
    kinds = " ".join(kind.label for kind in each.kinds)
    parts = (each.sentence, who, each.facility, each.purpose, kinds, *each.changes, each.reason)
    return who, " ".join(parts)
