"""A long list in pages: each leads on to the next, and none ends it silently."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Final, Generic, NamedTuple, TypeVar
from uuid import UUID

from api.phr.entries.errors import UnknownPage

Item = TypeVar("Item")
USUAL: Final = 100
MOST: Final = 200
_BEGIN: Final = datetime(1970, 1, 1, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)


class Place(NamedTuple):
    """Where an entry stands in the order of days, which nothing but its own change moves."""

    on: date
    at: datetime | None
    entry_id: UUID


class Page(NamedTuple, Generic[Item]):
    """`next` asks for the page after this one; None at the end."""

    items: list[Item]
    next: str | None


def written(place: Place) -> str:
    at = "" if place.at is None else (place.at - _BEGIN) // _TICK
    return f"{place.on.isoformat()}_{at}_{place.entry_id}"


def place_of(text: str) -> Place | None:
    """None for the beginning. Raises `UnknownPage` for what no page gave."""
    if not text:
        return None
    try:
        on, at, entry_id = text.split("_")
        return Place(
            date.fromisoformat(on), _BEGIN + int(at) * _TICK if at else None, UUID(entry_id)
        )
    except (ValueError, OverflowError) as error:
        raise UnknownPage from error


def moment_of(text: str) -> tuple[datetime | None, UUID | None]:
    """As `place_of`, in a list by moment and id."""
    place = place_of(text)
    if place is None:
        return None, None
    if place.at is None:
        raise UnknownPage
    return place.at, place.entry_id


def led_on(items: Sequence[Item], count: int, place: Callable[[Item], Place]) -> Page[Item]:
    """Of a list read to one more than `count`."""
    shown = list(items[:count])
    return Page(shown, written(place(shown[-1])) if len(items) > count else None)


def cut(
    items: Sequence[Item], id_of: Callable[[Item], UUID], after: str = "", count: int = USUAL
) -> Page[Item]:
    """Of a list in an order of its own. What was shown last may be removed meanwhile: then the
    page begins where it stood. Raises `UnknownPage` for what no page gave."""
    start = _start(items, id_of, after) if after else 0
    shown = list(items[start : start + count])
    end = start + len(shown)
    return Page(shown, f"{end}_{id_of(shown[-1])}" if end < len(items) else None)


def _start(items: Sequence[Item], id_of: Callable[[Item], UUID], after: str) -> int:
    try:
        number, entry_id = after.split("_")
        stood, last = int(number) - 1, UUID(entry_id)
    except ValueError as error:
        raise UnknownPage from error
    found = next((place for place, each in enumerate(items) if id_of(each) == last), None)
    return max(0, stood) if found is None else found + 1
